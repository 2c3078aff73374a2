/** The one door to the design system: pages import from here, never from Aksel, so that it can be swapped in one folder. */
export { Action } from './Action'
export { Button } from './Button'
export { Frame } from './Frame'
export * from './icons'
export { Message } from './Message'
export { Choice, Choices, Field, LongField, Pick, Switch } from './fields'
export { Segmented } from './Segmented'
export { Tag, type Tone } from './Tag'
