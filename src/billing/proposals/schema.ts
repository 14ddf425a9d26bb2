import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { ProposalPaymentMode, PurchaseStatus, PurchaseType, WalletTopupDetails } from '../purchases/schema.ts'

export { CreateProposalRequest, GetProposalResponse, Proposal } from '../purchases/schema.ts'

const ProposalsListResponse = named(
  'ProposalsListResponse',
  z.strictObject({
    id: z.string(),
    pricePlanId: z.optional(z.string()),
    pricePlanName: z.optional(z.string()),
    pricePlanVersion: z.optional(z.int32()),
    status: PurchaseStatus,
    walletTopupDetails: z.optional(WalletTopupDetails),
    idempotencyKey: z.optional(z.string()),
    createdAt: dateTime(),
    updatedAt: dateTime(),
    expiryDate: z.optional(dateTime()),
    paymentMode: ProposalPaymentMode,
    type: PurchaseType,
  }),
)

export const ProposalsPaginatedResponse = named('ProposalsPaginatedResponse', paginated(ProposalsListResponse))
export type ProposalsPaginatedResponse = z.infer<typeof ProposalsPaginatedResponse>

export const ListProposalsQuery = pageQuery({})
export type ListProposalsQuery = z.infer<typeof ListProposalsQuery>

export const ProposalPath = z.strictObject({ purchase_proposal_id: identifier(1, 512) })

export const UpdateProposalStatus = named(
  'UpdateProposalStatus',
  z.strictObject({
    status: described('APPROVE does what was proposed, or makes its order. DECLINE ends the proposal.', z.enum(['APPROVE', 'DECLINE'])),
  }),
)
export type UpdateProposalStatus = z.infer<typeof UpdateProposalStatus>
