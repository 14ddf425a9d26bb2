import type { CalculateRevenueRequest } from '../../billing/revenue_calculator/schema.ts'
import { calculate } from '../../billing/revenue_calculator/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import type { CalculateRevenueResponse } from './schema.ts'
import { showDetails, showRevenue } from './translate.ts'

/** Answers what the cards of a plan come to in a cycle, with the plan by its families. */
export const calculateRevenue = async (ctx: Ctx, input: CalculateRevenueRequest): Promise<Reply<CalculateRevenueResponse>> => {
  const { plan, currency, usageLookupRange, cards } = await calculate(ctx, input)
  return {
    answer: {
      currency,
      ...(usageLookupRange && { usageLookupRange }),
      pricePlanDetails: showDetails(input.pricePlanDetailsConfig, plan),
      revenueInfo: cards.map(showRevenue),
    },
  }
}
