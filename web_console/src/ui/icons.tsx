/** Own icons, drawn with the text's colour; all of them are ornaments beside a word, so none has a name. */
import type { ReactNode } from 'react'

function icon(drawing: ReactNode) {
  return function Icon() {
    return (
      <svg className="icon" viewBox="0 0 24 24" width="1.25em" height="1.25em" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
        {drawing}
      </svg>
    )
  }
}

export const Siren = icon(
  <>
    <path d="M7 18v-6a5 5 0 0 1 10 0v6" />
    <path d="M5 21h14v-3H5zM12 2v2M4.2 5.2l1.4 1.4M19.8 5.2l-1.4 1.4" />
  </>,
)
export const SilentSiren = icon(
  <>
    <path d="M7 18v-6c0-1 .3-2 .8-2.700M10.500 7.300A5 5 0 0 1 17 12v3M5 21h14v-3H5z" />
    <path d="m3 3 18 18" />
  </>,
)
export const Hand = icon(<path d="M12 21a7 7 0 0 1-7-7l-1-3.500a1.400 1.400 0 0 1 2.600-.900L8 12V5.500a1.300 1.300 0 0 1 2.600 0V11 4.300a1.300 1.300 0 0 1 2.600 0V11 5.300a1.300 1.300 0 0 1 2.600 0V12 8.300a1.300 1.300 0 0 1 2.600 0V14a6.500 6.500 0 0 1-6.400 7z" />)
export const Cross = icon(<path d="M9 3h6v6h6v6h-6v6H9v-6H3V9h6z" />)
export const Hourglass = icon(<path d="M6 3h12M6 21h12M7 3c0 5 5 6 5 9s-5 4-5 9M17 3c0 5-5 6-5 9s5 4 5 9" />)
export const Wrench = icon(<path d="M14.500 6.500a4.500 4.500 0 0 1 5.900-2.200L17 7.700V10h2.300l3-3a4.500 4.500 0 0 1-6 5.600L8 21l-4-4 8.700-8.400a4.500 4.500 0 0 1 1.800-2.100z" />)
export const Flask = icon(<path d="M9 3h6M10 3v6L5 19a1.500 1.500 0 0 0 1.400 2h11.200a1.500 1.500 0 0 0 1.400-2L14 9V3M7.500 15h9" />)
export const Check = icon(<path d="m5 13 4 4L19 7" />)
export const Arrow = icon(<path d="M4 12h15M13 6l6 6-6 6" />)
export const Pin = icon(
  <>
    <path d="M12 21s7-6.500 7-11.500A7 7 0 0 0 5 9.500C5 14.500 12 21 12 21z" />
    <circle cx="12" cy="9.500" r="2.500" />
  </>,
)
export const Bell = icon(<path d="M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4" />)
export const BellOff = icon(<path d="M6 16v-5c0-1 .3-2.100.8-3M9 5.800A6 6 0 0 1 18 11v3M4 18h13M10 21h4M3 3l18 18" />)
export const Sun = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2v2M12 20v2M2 12h2M20 12h2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M4.900 19.100l1.400-1.400M17.700 6.300l1.400-1.400" />
  </>,
)
export const Moon = icon(<path d="M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z" />)
export const Question = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <path d="M9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.7.300-1 .9-1 1.700M12 16.800v.1" />
  </>,
)
export const Leave = icon(<path d="M10 4H5v16h5M10 12h10M16 8l4 4-4 4" />)
export const Phone = icon(<path d="M6 3h4l1.500 5-2.500 1.500a11 11 0 0 0 5.500 5.500l1.500-2.500 5 1.500v4a2 2 0 0 1-2 2A17 17 0 0 1 4 5a2 2 0 0 1 2-2z" />)
export const Broken = icon(<path d="M2 8.500a15 15 0 0 1 5-3M22 8.500a15 15 0 0 0-11-3.900M5 12.500a10 10 0 0 1 4-2.300M19 12.500a10 10 0 0 0-3-2M12 19v.1M3 3l18 18" />)
export const Gear = icon(<path d="M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4" />)
