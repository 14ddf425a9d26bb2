import { describe, expect, it } from 'vitest'
import { loadLater } from '../../src/lib/load.ts'

const verbs = {
  double: (value: number) => value * 2,
  refuse: (): number => {
    throw new RangeError('refused')
  },
}

describe('loadLater', () => {
  it('loads a module with the first call of a function, and once', async () => {
    let loads = 0
    const service = loadLater(() => Promise.resolve().then(() => (loads++, verbs)))
    const { double } = service
    expect(loads).toBe(0)
    expect([await double(2), await service.double(3), loads]).toEqual([4, 6, 1])
  })

  it('rejects with what a function throws, loaded before or not', async () => {
    const service = loadLater(() => Promise.resolve(verbs))
    for (let call = 0; call < 2; call++) await expect(service.refuse()).rejects.toThrow('refused')
  })

  it('loads again where loading failed', async () => {
    let loads = 0
    const service = loadLater(() => (loads++ ? Promise.resolve(verbs) : Promise.reject(new TypeError('not loaded'))))
    await expect(service.double(1)).rejects.toThrow('not loaded')
    expect(await service.double(1)).toBe(2)
  })
})
