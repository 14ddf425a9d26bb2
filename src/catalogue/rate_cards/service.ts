export { readCard } from './card.ts'
export { keepNestedCard } from './keep.ts'
