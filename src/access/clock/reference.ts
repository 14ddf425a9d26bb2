const OFF = 'The variable TEST_CLOCK is not on, so that there are no test clocks. This path is then unknown.'

export const getTestClock = {
  summary: 'Read the test clock',
  description:
    'Reads the present instant of the organization: that of its test clock, or the real time. Test clocks exist only where the variable TEST_CLOCK is on, as it is locally and in the sandbox.',
  refuses: { 404: OFF },
  example: {
    after: ['moveTestClock'],
    answer: { now: '2026-01-01T00:00:00.000Z', isSet: true },
  },
}

export const moveTestClock = {
  summary: 'Set or move the test clock',
  description:
    'Gives the organization a clock that stands still until it is moved, or moves its clock forward and does everything that becomes due on the way, in order, each piece at its own instant. The first time, any instant can be set; a time that has passed only while the organization has no events and no schedules. The organization keeps its clock for ever, and everything in it goes by this clock except tokens, keys, limits and the audit log. A request works for up to 20 seconds, or 800 calls to the database and to ledgers. If it has not reached the target by then, now says how far it came, and the same request goes on; such an answer is not stored under an Idempotency-Key. If a piece of work fails, the answer is 503, the clock stays at the instant of this work, and the same request tries again. With dry_run, due counts the work that is known to become due.',
  refuses: {
    404: OFF,
    409: 'The instant is before that of the clock, or it has passed and the organization has events or schedules already.',
  },
  example: {
    request: { now: '2026-01-01T00:00:00Z' },
    answer: { now: '2026-01-01T00:00:00.000Z', target: '2026-01-01T00:00:00.000Z', due: 0 },
    other: { request: { now: '2026-02-01T00:00:00Z' } },
  },
}
