/** A choice of a few short words side by side, as radio buttons: neutral, because it stands in the bar all day. */
import { useId, type ReactNode } from 'react'
import './segmented.css'

interface Props<V extends string> {
  label: string
  value: V
  options: readonly { value: V; shown: ReactNode; named: string }[]
  onValue(value: V): void
}

export function Segmented<V extends string>({ label, value, options, onValue }: Props<V>) {
  const name = useId()
  return (
    <fieldset className="segmented">
      <legend className="hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} title={option.named}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            aria-label={option.named}
            onChange={() => onValue(option.value)}
          />
          <span aria-hidden="true">{option.shown}</span>
        </label>
      ))}
    </fieldset>
  )
}
