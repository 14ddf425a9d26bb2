export { readCard } from './card.ts'
export { groupCards } from './group.ts'
export { keepNestedCard } from './keep.ts'
