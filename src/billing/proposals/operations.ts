import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  CreateProposalRequest,
  GetProposalResponse,
  ListProposalsQuery,
  Proposal,
  ProposalPath,
  ProposalsPaginatedResponse,
  UpdateProposalStatus,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const proposals = feature('Accounts', {
  createProposal: operation({
    method: 'post',
    path: '/accounts/{account_id}/purchase_proposals',
    param: AccountPath,
    json: CreateProposalRequest,
    largestBody: 1024 * 1024,
    answers: { 200: Proposal },
    deprecated: true,
    handle: (ctx, { param, json }) => service.createProposal(ctx, param.account_id, json),
  }),
  listAccountProposals: operation({
    method: 'get',
    path: '/accounts/{account_id}/purchase_proposals',
    param: AccountPath,
    query: ListProposalsQuery,
    portal: true,
    answers: { 200: ProposalsPaginatedResponse },
    deprecated: true,
    handle: (ctx, { param, query }) => service.listProposals(ctx, param.account_id, query),
  }),
  getProposal: operation({
    method: 'get',
    path: '/purchase_proposals/{purchase_proposal_id}',
    param: ProposalPath,
    portal: true,
    answers: { 200: GetProposalResponse },
    deprecated: true,
    tagged: true,
    handle: (ctx, { param }) => service.getProposal(ctx, param.purchase_proposal_id),
  }),
  updateProposalStatus: operation({
    method: 'post',
    path: '/purchase_proposals/{purchase_proposal_id}/update_status',
    param: ProposalPath,
    json: UpdateProposalStatus,
    answers: { 200: Proposal },
    deprecated: true,
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateProposalStatus(ctx, param.purchase_proposal_id, json),
  }),
})
