/** What a billable item of an account has earned at an instant (milliseconds): a decimal text, not cut to the minor unit of its currency. */
export interface Earning {
  accountId: string
  customerId: string
  currency: string
  billableId: string
  at: number
  amount: string
}
