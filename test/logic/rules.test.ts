import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, requireDecimal } from '../../src/lib/decimal.ts'
import { compileRule } from '../../src/logic/rule.ts'
import { isTruthy, toDecimalResult, toText, type Value } from '../../src/logic/values.ts'
import { evaluate, valueOfRule } from '../helpers/logic.ts'

describe('a rule that can never be evaluated', () => {
  const nested = (depth: number, inner = '1') => `${'{"!":['.repeat(depth)}${inner}${']}'.repeat(depth)}`

  const refused = [
    ['', '', 'must not be blank'],
    [' \n', '', 'must not be blank'],
    ["{'var':'a'}", '', 'must be JSON: '],
    ['{var:"a"}', '', 'must be JSON: '],
    ['{"==" [1,2]}', '', 'must be JSON: '],
    ['{"+":[1,]}', '', 'must be JSON: '],
    ['{"+":[01]}', '', 'must be JSON: '],
    ['1 2', '', 'must be JSON: '],
    ['NaN', '', 'must be JSON: '],
    ['"\u0000"', '', 'must be JSON: '],
    ['{}', '', 'must have one operator, and has 0'],
    ['{"a":1,"b":2}', '', 'must have one operator, and has 2'],
    ['{"+":[1],"+":[2]}', '', 'must not name an operator twice in one object'],
    ['{"if":[1,{"+":[{},1]}]}', '/if/1/+/0', 'must have one operator, and has 0'],
    ['{"foo":[1]}', '', 'must have an operator such as var, if, == or +, and "foo" is none'],
    ['{"!":{"contains":[1]}}', '/!', 'must have an operator such as var, if, == or +, and "contains" is none'],
    ['{"if":[1,2,{"method":[1]}]}', '/if/2', 'must have an operator such as var, if, == or +, and "method" is none'],
    ['{"/":[1,[{"~/":1}]]}', '/~1/1/0', 'must have an operator such as var, if, == or +, and "~/" is none'],
    ['{"if":[0,{"~":{"x":1}}]}', '/if/1', 'must have an operator such as var, if, == or +, and "~" is none'],
    ['{"constructor":[1]}', '', 'must have an operator such as var, if, == or +, and "constructor" is none'],
    ['{"__proto__":[1]}', '', 'must have an operator such as var, if, == or +, and "__proto__" is none'],
    ['{"toString":[]}', '', 'must have an operator such as var, if, == or +, and "toString" is none'],
    ['{"if":[1,2,{"==":[1]}]}', '/if/2/==', '"==": must have exactly 2 arguments, and has 1'],
    ['{"!":{"and":[]}}', '/!/and', '"and": must have an argument, and has 0'],
    ['{"var":true}', '/var', '"var": must have a path that is a text, a number or null'],
    ['{"var":[["a"]]}', '/var', '"var": must have a path that is a text, a number or null'],
    [`{"var":"${'a.'.repeat(50)}a"}`, '/var', '"var": a path must be of 1024 characters and 50 steps at most'],
    [`{"var":"${'a'.repeat(1025)}"}`, '/var', '"var": a path must be of 1024 characters and 50 steps at most'],
    ['{"+":[1,1e600]}', '/+/1', 'must be a number of 512 digits at most on each side of the point'],
    ['[1,1e-600]', '/1', 'must be a number of 512 digits at most on each side of the point'],
    [nested(51), '/!/0'.repeat(50), 'must not be nested more than 50 deep'],
    [nested(50, '[]'), '/!/0'.repeat(50), 'must not be nested more than 50 deep'],
    [`${'['.repeat(51)}${']'.repeat(51)}`, '/0'.repeat(50), 'must not be nested more than 50 deep'],
    [nested(370), '/!/0'.repeat(50), 'must not be nested more than 50 deep'],
    [nested(8000).slice(0, 32_768), '', 'must not be nested more than 50 deep'],
    ['['.repeat(60_000), '', 'must not be nested more than 50 deep'],
    [`"${'x'.repeat(65_536)}"`, '', 'must have 65536 characters at most'],
  ] as const

  for (const [text, path, message] of refused)
    it(`${JSON.stringify(text.slice(0, 60))} ${message}`, () => {
      const { error } = compileRule(text)
      expect(error?.path).toBe(path)
      expect(error?.message.startsWith(message), error?.message).toBe(true)
    })

  it('is none that is nested 50 deep, or has brackets and colons in its texts', () => {
    expect(valueOfRule(nested(50, '0'))).toBe(false)
    const list = `${'['.repeat(50)}1${']'.repeat(50)}`
    expect(valueOfRule(list)).toEqual(JSON.parse(list))
    expect(valueOfRule(`{"cat":["${'[{'.repeat(200)}","\\":","\\\\",":"]}`)).toBe(`${'[{'.repeat(200)}":\\:`)
  })
})

describe('an error at run time', () => {
  it.each([
    ['{"if":[1,{"+":["a"]}]}', null, '/if/1/+', '"+": cannot make a number of this text'],
    ['{"*":[2,{"/":[1,{"var":"n"}]}]}', { n: '0.0' }, '/*/1/~1', '"/": division by zero'],
    ['{"cat":["a",{"var":"x"},{"var":"a"}]}', { a: 1 }, '/cat', '"cat": cannot make text of null'],
    ['{"map":[[1],{"filter":[{"var":"x"},1]}]}', null, '/map/1/filter', '"filter": must have a list as its first argument'],
    ['{"var":{"var":"p"}}', { p: true }, '/var', '"var": must have a path that is a text, a number or null'],
    ['{"var":{"var":"p"}}', { p: 'a.'.repeat(60) }, '/var', '"var": a path must be of 1024 characters and 50 steps at most'],
  ])('%s says where', (text, data, path, message) => {
    expect(evaluate(text, data)).toEqual({ error: { path, message } })
  })
})

describe('compileRule', () => {
  it('compiles a text once while it is among the latest thousand', () => {
    const rule = compileRule('{"var":"once"}')
    expect(compileRule('{"var":"once"}')).toBe(rule)
    for (let index = 0; index < 999; index++) compileRule(`{"var":"once ${index}"}`)
    expect(compileRule('{"var":"once"}')).toBe(rule)
    compileRule('{"var":"once more"}')
    expect(compileRule('{"var":"once"}')).not.toBe(rule)
  })

  it('keeps a megabyte of long texts, and none that is too long to be a rule', () => {
    const long = (first: string) => `"${first}${'x'.repeat(60_000)}"`
    const rule = compileRule(long('a'))
    for (let index = 0; index < 16; index++) compileRule(long(String(index)))
    expect(compileRule(long('a'))).toBe(rule)
    for (let index = 0; index < 10; index++) compileRule('y'.repeat(500_000 + index))
    expect(compileRule(long('a'))).toBe(rule)
    compileRule(long('z'))
    expect(compileRule(long('a'))).not.toBe(rule)
  })
})

describe('var', () => {
  const data = { a: { b: [{ c: 'x' }, 5], 'b.c': 1 }, 'a.b': { c: 2, d: null }, n: null, '': { '': 3 }, '1': 'one', 'x y-z': 4 }

  it.each([
    ['{"var":"a.b.0.c"}', 'x'],
    ['{"var":"a.b.1"}', 5],
    ['{"var":"a.b.c"}', 2],
    ['{"var":"a.b.d"}', null],
    ['{"var":["a.b.d",7]}', 7],
    ['{"var":["n",7]}', 7],
    ['{"var":["a.b.00.c",7]}', 'x'],
    ['{"var":["a.b.-1",7]}', 7],
    ['{"var":["a.b.2",7]}', 7],
    ['{"var":["a.b.0.0",7]}', 7],
    ['{"var":["a.b.1.x",7]}', 7],
    ['{"var":["a.b.length",7]}', 7],
    ['{"var":"."}', 3],
    ['{"var":"1"}', 'one'],
    ['{"var":[1,7]}', 7],
    ['{"var":"x y-z"}', 4],
    ['{"var":["zz",{"+":[1,2]}]}', 3],
    ['{"var":["zz",{"var":["a",9]}]}', 9],
    ['{"var":["zz","a","b"]}', 'a'],
    ['{"var":{"cat":["x y","-z"]}}', 4],
    ['{"var":{"var":"zz"}}', data],
    ['{"var":[]}', data],
    ['{"var":["",1]}', data],
  ])('%s', (rule, expected) => {
    expect(valueOfRule(rule, data)).toEqual(expected)
  })

  it.each([
    ['{"var":0}', 'x'],
    ['{"var":[1.0]}', 'y'],
    ['{"var":[2,7]}', 7],
    ['{"var":[0.5,7]}', 7],
    ['{"var":[-1,7]}', 7],
    ['{"var":[1e300,7]}', 7],
    ['{"var":"1"}', 'y'],
    ['{"var":["",7]}', ['x', 'y']],
  ])('%s of a list', (rule, expected) => {
    expect(valueOfRule(rule, ['x', 'y'])).toEqual(expected)
  })

  it('gives the default for data that is null', () => {
    expect(valueOfRule('{"var":["",7]}', null)).toBe(7)
    expect(valueOfRule('{"var":["a",7]}', 'text')).toBe(7)
  })

  it('finds a longer name that leads on before a shorter one, and a shorter one where the longer does not', () => {
    expect(valueOfRule('{"var":"a.b.c"}', { 'a.b': { c: 2 }, a: { b: { c: 1 } } })).toBe(2)
    expect(valueOfRule('{"var":"a.b.c"}', { 'a.b': 5, a: { b: { c: 1 } } })).toBe(1)
    expect(valueOfRule('{"var":"a.b"}', { 'a.b': null, a: { b: 1 } })).toBe(1)
  })
})

describe('own properties', () => {
  const INHERITED = [
    ...Object.getOwnPropertyNames(Object.prototype),
    ...Object.getOwnPropertyNames(Array.prototype),
    ...Object.getOwnPropertyNames(String.prototype),
    'coefficient',
    'scale',
    'kind',
    'instant',
    'offset',
  ]
  const data = { aMap: {}, aList: ['x'], aText: 'x', aNumber: 1, aDecimal: requireDecimal('1'), aFlag: true, aNull: null }

  it.each(INHERITED)('%s is not reached', (name) => {
    for (const path of [name, ...Object.keys(data).map((key) => `${key}.${name}`), `aMap.${name}.name`, `${name}.${name}`]) {
      const quoted = JSON.stringify(path)
      expect(evaluate(`{"var":[${quoted},"none"]}`, data)).toEqual({ value: 'none' })
      expect(evaluate(`{"var":[{"cat":[${quoted}]},"none"]}`, data)).toEqual({ value: 'none' })
      expect(evaluate(`{"missing":[${quoted}]}`, data)).toEqual({ value: [path] })
      expect(evaluate(`{"var":[${quoted},"none"]}`, ['x'])).toEqual({ value: 'none' })
    }
  })

  it('with such a name are', () => {
    expect(valueOfRule('{"var":"__proto__.x"}', JSON.parse('{"__proto__":{"x":1}}'))).toBe(1)
    expect(valueOfRule('{"var":"constructor"}', { constructor: 'c' })).toBe('c')
  })

  it('of data pass for no number and for no date', () => {
    const like = { number: { coefficient: 5, scale: 0 }, date: { kind: 'date', instant: 0, offset: 0 } }
    expect(valueOfRule('{"+":[{"var":"number"}]}', like)).toBeNull()
    expect(valueOfRule('{"var":"number.coefficient"}', like)).toBe(5)
    expect(valueOfRule('{"var":"date.instant"}', like)).toBe(0)
    expect(evaluate('{"cat":{"var":"date"}}', like).error?.message).toBe('"cat": cannot make text of a list or a map')
  })

  it('are all that is found, whatever the data and the path', () => {
    const step = fc.constantFrom('a', 'b', '0', '1', '', 'length', 'constructor', '__proto__', 'toString')
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(1, 'text', true),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(step, tie('value'), { maxKeys: 3 }),
      ),
    })).value
    const naive = (value: unknown, steps: readonly string[]): unknown => {
      const [first, ...rest] = steps
      if (first === undefined) return value
      if (Array.isArray(value) ? !/^\d+$/.test(first) : typeof value !== 'object' || value === null) return null
      return Object.hasOwn(value as object, first) ? naive((value as Record<string, unknown>)[first], rest) : null
    }
    fc.assert(
      fc.property(json, fc.array(step, { minLength: 1, maxLength: 4 }), (value, steps) => {
        fc.pre(steps.length > 1 || steps[0] !== '')
        expect(valueOfRule(JSON.stringify({ var: steps.join('.') }), value)).toEqual(naive(value, steps))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('conversions', () => {
  const value = (text: string, data: unknown = null): Value => evaluate(text, data).value ?? null
  const units = (text: string, data: unknown = null) => {
    const result = toDecimalResult(value(text, data))
    return result && formatDecimal(result)
  }

  it.each([
    ['12.50', '12.5'],
    ['"12.50"', '12.5'],
    ['-0', '0'],
    ['""', undefined],
    ['"abc"', undefined],
    ['"P1D"', undefined],
    ['null', undefined],
    ['true', undefined],
    ['[1]', undefined],
    ['{"var":""}', undefined],
    ['{"date":"2024-05-28T00:00Z"}', undefined],
  ])('%s as units is %s', (text, expected) => {
    expect(units(text, { a: 1 })).toBe(expected)
  })

  it('make units of what can be stored and read again', () => {
    const [most, tiny] = ['9'.repeat(512), `0.${'0'.repeat(511)}1`]
    expect(units(`"${most}.${most}"`)).toBe(`${most}.${most}`)
    expect(units(`{"*":["${most}",10]}`)).toBeUndefined()
    expect(units(`{"*":["${tiny}","0.1"]}`)).toBeUndefined()
    expect(units(`{"*":["${tiny}","10.000"]}`)).toBe(`0.${'0'.repeat(510)}1`)
    expect(units(`{"*":["-${most}","1.0"]}`)).toBe(`-${most}`)
  })

  it.each([
    ['1.50', '1.5'],
    ['1e21', '1000000000000000000000'],
    ['true', 'true'],
    ['"x"', 'x'],
    ['""', ''],
    ['{"date":"2024-05-28T00:00:00+01:00"}', '2024-05-28T00:00+01:00'],
    ['null', undefined],
    ['[]', undefined],
    ['{"var":""}', undefined],
  ])('%s as text is %s', (text, expected) => {
    expect(toText(value(text, {}))).toBe(expected)
  })

  it.each([
    ['null', false],
    ['0.00', false],
    ['""', false],
    ['[]', false],
    ['"0"', true],
    ['[0]', true],
    ['{"var":""}', true],
  ])('%s is %s', (text, expected) => {
    expect(isTruthy(value(text, {}))).toBe(expected)
  })
})
