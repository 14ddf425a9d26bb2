import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { MoveTestClockRequest, MovedTestClock, TestClock } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const clock = feature('Extensions', {
  getTestClock: operation({
    method: 'get',
    path: '/test_clock',
    answers: { 200: TestClock },
    needsTestClock: true,
    handle: (ctx) => service.getTestClock(ctx),
  }),
  moveTestClock: operation({
    method: 'post',
    path: '/test_clock',
    json: MoveTestClockRequest,
    answers: { 200: MovedTestClock },
    needsTestClock: true,
    handle: (ctx, { json }) => service.moveTestClock(ctx, json),
  }),
})
