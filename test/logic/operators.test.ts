import { Big } from 'big.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal } from '../../src/lib/decimal.ts'
import { toNumber } from '../../src/logic/values.ts'
import { evaluate, valueOfRule } from '../helpers/logic.ts'

/** A rule's text, what it is with this data, and the data. */
type Row = readonly [rule: string, expected: unknown, data?: unknown]

const holds = (name: string, rows: readonly Row[]) => {
  describe(name, () => {
    for (const [rule, expected, data = null] of rows)
      it(`${rule} is ${JSON.stringify(expected)}`, () => {
        expect(valueOfRule(rule, data)).toEqual(expected)
      })
  })
}

const fails = (name: string, rows: readonly (readonly [rule: string, message: string, data?: unknown])[]) => {
  describe(name, () => {
    for (const [rule, message, data = null] of rows)
      it(`${rule.slice(0, 80)} has the error ${message}`, () => {
        expect(evaluate(rule, data).error?.message).toBe(message)
      })
  })
}

const D = '{"date":"2024-05-28T00:00:00Z"}'
const SAME = '{"date":"2024-05-28T05:30:00+05:30"}'
const LATER = '{"date":"2024-05-28T00:00:00.001Z"}'

holds('numbers', [
  ['1.0', 1],
  ['1e21', { number: '1000000000000000000000' }],
  ['1e-7', { number: '0.0000001' }],
  ['9007199254740993', { number: '9007199254740993' }],
  ['0.1000000000000000055511151231257827', { number: '0.1000000000000000055511151231257827' }],
  ['{"var":"n"}', 0.1, { n: 0.1 }],
  ['{"var":"n"}', { number: '0.0000001' }, { n: 1e-7 }],
  ['{"var":"n"}', null, { n: Number.NaN }],
  ['{"+":[0.1,0.2]}', 0.3],
  ['{"+":["1.5","2.25"]}', 3.75],
  ['{"+":["1",2,"-0.5"]}', 2.5],
  ['{"+":"7.50"}', 7.5],
  ['{"+":[1,"x"]}', null],
  ['{"+":["x",1]}', null],
  ['{"+":[1,"1e3"]}', null],
  ['{"+":[1," 1"]}', null],
  ['{"+":[1,[1]]}', null],
  ['{"+":[[1,[1]]]}', null],
  ['{"+":[[1,2,3]]}', 6],
  ['{"+":{"var":"xs"}}', null, { xs: [] }],
  ['{"+":{"var":"m"}}', null, { m: { a: 1 } }],
  ['{"+":[true]}', null],
  ['{"-":[]}', null],
  ['{"-":5}', -5],
  ['{"-":["x"]}', null],
  ['{"-":[10,3,"x"]}', 7],
  ['{"-":[null,3]}', null],
  ['{"*":[]}', null],
  ['{"*":["7"]}', 7],
  ['{"*":["3",""]}', null],
  ['{"*":[0.29,100]}', 29],
  ['{"/":[]}', null],
  ['{"/":["x"]}', null],
  ['{"/":["10",4]}', 2.5],
  ['{"/":[1,3]}', 0.3333],
  ['{"/":[-2,3]}', -0.6667],
  ['{"/":[1,null]}', null],
  ['{"/":[100,5,0]}', 20],
  ['{"%":[]}', null],
  ['{"%":[5.5,2]}', 1.5],
  ['{"%":[-5.5,2]}', -1.5],
  ['{"%":[5.5,-2]}', 1.5],
  ['{"%":["x"]}', null],
  ['{"min":[]}', null],
  ['{"max":[]}', null],
  ['{"max":["10","9"]}', 10],
  ['{"max":["x"]}', null],
  ['{"min":[1,true]}', null],
  ['{"min":{"var":"xs"}}', -2, { xs: [3, '-2', 0] }],
])

holds('durations as numbers of days', [
  ['{"+":["P1D","PT12H"]}', 1.5],
  ['{"+":["P2W"]}', 14],
  ['{"-":["-P1D"]}', 1],
  ['{"*":["PT1S",1]}', 0],
  ['{"*":["PT5S",1]}', 0.0001],
  ['{"max":["PT36H",1]}', 1.5],
  ['{"%":["PT36H",1]}', 0.5],
  ['{"*":["P1M",2]}', null],
  ['{"*":["P0M2D",2]}', 4],
  ['{">":["P2D",1]}', false],
  ['{"==":["P2D",2]}', false],
])

fails('numbers', [
  ['{"+":["x"]}', '"+": cannot make a number of this text'],
  ['{"+":[""]}', '"+": cannot make a number of this text'],
  ['{"+":["P1M"]}', '"+": cannot make a number of this text'],
  ['{"/":[1,0]}', '"/": division by zero'],
  ['{"/":[0,"0.00"]}', '"/": division by zero'],
  ['{"%":[1,0]}', '"%": division by zero'],
  [`{"*":[${Array.from({ length: 5 }, () => '9'.repeat(512)).join(',')}]}`, '"*": a product of more than 2048 digits'],
])

holds('truthiness', [
  ['{"!":{"var":"x"}}', true],
  ['{"!":false}', true],
  ['{"!":0.000}', true],
  ['{"!":"-0"}', false],
  ['{"!":""}', true],
  ['{"!":" "}', false],
  ['{"!":{"var":"xs"}}', true, { xs: [] }],
  ['{"!!":[[[]]]}', false],
  ['{"!":[1,0]}', false],
  ['{"!!":"0"}', true],
  ['{"!!":{"var":"m"}}', true, { m: {} }],
  ['{"!!":{"var":"n"}}', false, { n: 0 }],
  [`{"!!":${D}}`, true],
  ['{"if":[[0],"t","f"]}', 't'],
  ['{"if":[[],"t","f"]}', 'f'],
])

holds('choice', [
  ['{"if":[1]}', 1],
  ['{"if":"x"}', 'x'],
  ['{"?:":[]}', null],
  ['{"if":[0,{"/":[1,0]},"else"]}', 'else'],
  ['{"if":[1,"then",{"/":[1,0]}]}', 'then'],
  ['{"if":[null,1,false,2,"x",3,4]}', 3],
  ['{"and":[0,{"/":[1,0]}]}', 0],
  ['{"or":["a",{"/":[1,0]}]}', 'a'],
  ['{"and":[1,"",2]}', ''],
  ['{"or":[0,[]]}', []],
  ['{"and":{"var":"xs"}}', [0], { xs: [0] }],
])

fails('choice', [
  ['{"and":[]}', '"and": must have an argument, and has 0'],
  ['{"or":[]}', '"or": must have an argument, and has 0'],
])

holds('equality of two types', [
  ['{"==":[1,1.0]}', true],
  ['{"==":[1.50,"1.5"]}', true],
  ['{"==":["1.5",1.50]}', true],
  ['{"==":["1.0","1"]}', false],
  ['{"==":["","\\t "]}', false],
  ['{"==":[0,"\\t "]}', true],
  ['{"==":[1," 1"]}', false],
  ['{"==":[true,1.00]}', true],
  ['{"==":[1.00,true]}', true],
  ['{"==":[true,2]}', false],
  ['{"==":["0",true]}', true],
  ['{"==":[false,""]}', true],
  ['{"==":[true,true]}', true],
  ['{"==":[true,false]}', false],
  ['{"==":[null,null]}', true],
  ['{"==":[null,false]}', false],
  ['{"==":[null,""]}', false],
  ['{"==":[null,[]]}', false],
  ['{"==":[[],[]]}', true],
  ['{"==":[[],""]}', true],
  ['{"==":[[],0]}', true],
  ['{"==":[0,[]]}', true],
  ['{"==":[[0],0]}', false],
  ['{"==":[{"var":""},{"var":""}]}', false, { a: 1 }],
  ['{"==":{"var":"xs"}}', true, { xs: [1, '1'] }],
  ['{"==":[["a","a"]]}', true],
  ['{"!=":["a","b"]}', true],
  ['{"!=":[null,0]}', true],
  [`{"==":[${D},${SAME}]}`, true],
  [`{"==":[${D},${LATER}]}`, false],
  [`{"!=":[${D},${LATER}]}`, true],
  [`{"==":[${D},"2024-05-27T16:00-0800"]}`, true],
  [`{"==":["x",${D}]}`, false],
  [`{"==":[${D},true]}`, false],
  [`{"==":[${D},null]}`, false],
  ['{"==":["2024-05-28T00:00Z","2024-05-28T00:00:00Z"]}', false],
])

holds('equality of one type', [
  ['{"===":[1,1.0]}', true],
  ['{"===":[1,"1"]}', false],
  ['{"===":[0,false]}', false],
  ['{"===":[null,false]}', false],
  ['{"===":[[],false]}', false],
  ['{"===":["a","a"]}', true],
  ['{"===":[[1,[2,"x"]],[1.0,[2,"x"]]]}', true],
  ['{"===":[[1,[2,"x"]],[1,[2,"y"]]]}', false],
  ['{"===":[[1],[1,2]]}', false],
  ['{"===":[[null],[null]]}', true],
  ['{"===":[{"var":"a"},{"var":"b"}]}', true, { a: { x: 1, y: [0.5] }, b: { y: [0.5], x: 1 } }],
  ['{"===":[{"var":"a"},{"var":"b"}]}', false, { a: { x: 1 }, b: { y: 1 } }],
  ['{"===":[{"var":"a"},{"var":"b"}]}', false, { a: { toString: 1 }, b: { x: 1 } }],
  ['{"===":[{"var":"a"},{"var":"b"}]}', false, { a: { x: null }, b: { y: null } }],
  ['{"===":[{"var":"a"},{"var":"b"}]}', false, { a: ['x'], b: { 0: 'x' } }],
  ['{"!==":[1,"1"]}', true],
  ['{"!==":[[1],[1]]}', false],
  [`{"===":[${D},${SAME}]}`, true],
  [`{"===":[${D},"2024-05-28T00:00:00Z"]}`, false],
])

fails('equality', [
  ['{"==":[1]}', '"==": must have exactly 2 arguments, and has 1'],
  ['{"===":[]}', '"===": must have exactly 2 arguments, and has 0'],
  ['{"!=":[1,2,3]}', '"!=": must have exactly 2 arguments, and has 3'],
  ['{"!==":[[1,2,3]]}', '"!==": must have exactly 2 arguments, and has 3'],
  ['{"==":{"var":"xs"}}', '"==": must have exactly 2 arguments', { xs: [1, 2, 3] }],
  ['{"==":{"var":"xs"}}', '"==": must have exactly 2 arguments', { xs: 'x' }],
])

holds('order', [
  ['{">":["10","9"]}', true],
  ['{">":[10,9.99]}', true],
  ['{">=":[1.0,"1"]}', true],
  ['{">":[1,1]}', false],
  ['{"<":["a","b"]}', false],
  ['{">":["b","a"]}', false],
  ['{"<":["",1]}', false],
  ['{"<=":[null,null]}', false],
  ['{">=":[true,false]}', false],
  ['{">":[[2],1]}', false],
  ['{">":[2,1,0,9]}', true],
  ['{">=":[[2,1]]}', true],
  ['{"<":[1,2,3]}', true],
  ['{"<":[1,1,3]}', false],
  ['{"<=":[1,1,1]}', true],
  ['{"<=":[1,4,3]}', false],
  ['{"<":["1","x",3]}', false],
  [`{"<":[${D},${LATER}]}`, true],
  [`{">":[${D},${LATER}]}`, false],
  [`{">=":[${D},${SAME}]}`, true],
  [`{"<":[${D},"2024-05-29T00:00Z"]}`, true],
  [`{"<":["2024-05-27T00:00Z",${D},"2024-05-29T00:00Z"]}`, true],
  [`{"<":[${D},"2024-05-29"]}`, false],
  [`{"<":[${D},99999999999999]}`, false],
  [`{"<":[${D},null]}`, false],
])

fails('order', [
  ['{">":[1]}', '">": must have exactly 2 arguments, and has 1'],
  ['{">":[]}', '">": must have exactly 2 arguments, and has 0'],
  ['{">=":[3,2,1]}', '">=": must have exactly 2 arguments, and has 3'],
  ['{"<":[1]}', '"<": must have 2 or 3 arguments, and has 1'],
  ['{"<=":[]}', '"<=": must have 2 or 3 arguments, and has 0'],
])

holds('texts', [
  ['{"cat":[1.50,"-",true,"-",2e3]}', '1.5-true-2000'],
  ['{"cat":"x"}', 'x'],
  ['{"cat":[["a","b"]]}', 'ab'],
  ['{"cat":[0.0000001,"/",-0.0]}', '0.0000001/0'],
  [`{"cat":[${D},"!"]}`, '2024-05-28T00:00Z!'],
  ['{"substr":["jsonlogic",-5,2]}', 'lo'],
  ['{"substr":["jsonlogic",1,-5]}', 'son'],
  ['{"substr":["jsonlogic",0,-20]}', ''],
  ['{"substr":["abc",3]}', ''],
  ['{"substr":["abc",-3]}', 'abc'],
  ['{"substr":["abc",-4]}', ''],
  ['{"substr":["abc",4]}', ''],
  ['{"substr":["abc",0,3]}', 'abc'],
  ['{"substr":["abc",0,4]}', ''],
  ['{"substr":["abc",2,0]}', ''],
  ['{"substr":["abc",1.9]}', 'bc'],
  ['{"substr":["abc",1e300]}', ''],
  ['{"substr":["abc",-1e300,1e300]}', ''],
  ['{"substr":[true,1]}', 'rue'],
  ['{"substr":["a😀",1,1]}', '\uFFFD'],
  ['{"in":["car","racecar"]}', true],
  ['{"in":["Car","racecar"]}', false],
  ['{"in":["racecars","racecar"]}', false],
  ['{"in":[true,"untrue"]}', true],
  ['{"in":[null,"null"]}', false],
  ['{"in":[["a"],"a"]}', false],
  ['{"in":[{"var":""},"x"]}', false, { x: 1 }],
  ['{"in":["a",5]}', false],
  ['{"in":[]}', false],
  ['{"in":["a",["b","a"],0]}', true],
  ['{"in":[1,[1.0]]}', true],
  ['{"in":[1,["1"]]}', false],
  ['{"in":[[1],[[1.0]]]}', true],
  ['{"in":[0.1,{"var":"xs"}]}', true, { xs: [0.1] }],
  [`{"in":[${D},[${SAME}]]}`, true],
])

fails('texts', [
  ['{"cat":["a",null]}', '"cat": cannot make text of null'],
  ['{"cat":["a",["b"]]}', '"cat": cannot make text of a list or a map'],
  ['{"cat":[{"var":""}]}', '"cat": cannot make text of a list or a map', { a: 1 }],
  ['{"substr":[null,1]}', '"substr": cannot make text of null'],
  ['{"substr":["abc","1"]}', '"substr": must have a number as its start'],
  ['{"substr":["abc",1,"1"]}', '"substr": must have a number as its length'],
  ['{"substr":["abc"]}', '"substr": must have 2 or 3 arguments, and has 1'],
  ['{"substr":["abc",1,2,3]}', '"substr": must have 2 or 3 arguments, and has 4'],
])

const data = { a: 1, n: null, e: '', b: { c: 1, d: { e: 0 } }, xs: [1, { y: 2 }], m: {}, 'f.g': 1 }

holds('missing', [
  ['{"missing":["a","x","b.c","b.d.e","b.d","b.x"]}', ['x', 'b.d', 'b.x'], data],
  ['{"missing":["n","e","f.g","f"]}', ['f'], data],
  ['{"missing":["xs","xs.0","xs.1.y","m"]}', ['xs.0', 'xs.1.y', 'm'], data],
  ['{"missing":"a"}', [], data],
  ['{"missing":["toString","constructor","__proto__","a.length"]}', ['toString', 'constructor', '__proto__', 'a.length'], data],
  ['{"missing":[["a","x"]]}', ['x'], data],
  ['{"missing":{"var":"names"}}', ['z'], { names: ['names', 'z'] }],
  ['{"missing":[1]}', [1], data],
  ['{"missing":[1]}', [], { 1: 'x' }],
  ['{"missing":["0"]}', ['0'], ['x']],
  ['{"missing":[]}', [], data],
  ['{"missing_some":[1,["a","x"]]}', [], data],
  ['{"missing_some":[2,["a","x","y"]]}', ['x', 'y'], data],
  ['{"missing_some":[1.5,["a","x"]]}', ['x'], data],
  ['{"missing_some":[0,[]]}', [], data],
])

fails('missing_some', [
  ['{"missing_some":["1",["a"]]}', '"missing_some": must have a number as its first argument'],
  ['{"missing_some":[1,"a"]}', '"missing_some": must have a list as its second argument'],
  ['{"missing_some":[]}', '"missing_some": must have a number as its first argument'],
])

holds('lists', [
  ['[1,[2,{"+":[1,2]}]]', [1, [2, 3]]],
  ['{"merge":[[1,2],[3,[4]],5]}', [1, 2, 3, [4], 5]],
  ['{"merge":{"var":"xs"}}', [1, 2, [3]], { xs: [1, [2, [3]]] }],
  ['{"merge":[{"var":"m"}]}', [{ a: 1 }], { m: { a: 1 } }],
  ['{"map":[{"var":"xs"},{"var":"y"}]}', [1, null], { xs: [{ y: 1 }, 5] }],
  ['{"map":["abc",{"var":""}]}', []],
  ['{"map":[{"var":""},1]}', [], { a: 1 }],
  ['{"map":[[1,2],{"var":"z"}]}', [null, null], { z: 1 }],
  ['{"filter":[[1,2,3],{">":[{"var":""},1]}]}', [2, 3]],
  ['{"filter":[{"var":"xs"},{"var":"on"}]}', [{ on: true }], { xs: [{ on: true }, { on: false }, 0] }],
  ['{"reduce":[{"var":"xs"},{"+":[{"var":"accumulator"},{"var":"current.n"}]},0]}', 0.3, { xs: [{ n: 0.1 }, { n: '0.2' }] }],
  ['{"reduce":[[1,2],{"var":"z"},0]}', null, { z: 1 }],
  ['{"reduce":["x",1,{"var":"z"}]}', 9, { z: 9 }],
  ['{"reduce":[[],1,7]}', 7],
  ['{"all":[[1,"0"],{"var":""}]}', true],
  ['{"all":[[1,0],{"var":""}]}', false],
  ['{"all":[[],false]}', false],
  ['{"some":[[0,""],{"var":""}]}', false],
  ['{"some":[[],true]}', false],
  ['{"none":[[],true]}', true],
  ['{"none":[[0,1],{"var":""}]}', false],
  ['{"some":[{"var":"xs"},{"==":[{"var":"a"},1]}]}', true, { xs: [{ a: 2 }, { a: '1.0' }] }],
  ['{"log":[[1,2]]}', 1],
  ['{"log":{"var":"m"}}', { a: 1 }, { m: { a: 1 } }],
])

fails('lists', [
  ['{"filter":["abc",1]}', '"filter": must have a list as its first argument'],
  ['{"all":[null,1]}', '"all": must have a list as its first argument'],
  ['{"some":[1,1]}', '"some": must have a list as its first argument'],
  ['{"none":[{"var":""},1]}', '"none": must have a list as its first argument', { a: 1 }],
  ['{"map":[[1]]}', '"map": must have exactly 2 arguments, and has 1'],
  ['{"filter":[[1],1,1]}', '"filter": must have exactly 2 arguments, and has 3'],
  ['{"reduce":[[1],1]}', '"reduce": must have exactly 3 arguments, and has 2'],
  ['{"all":{"var":"xs"}}', '"all": must have exactly 2 arguments, and has 1'],
  ['{"log":[]}', '"log": must have an argument, and has 0'],
  ['{"log":{"var":"xs"}}', '"log": must have an argument', { xs: [] }],
])

describe('arithmetic', () => {
  interface Expression {
    rule: unknown
    expected: Big
  }
  const literal = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(9)).map(([units, places]): Expression => {
    const expected = new Big(units.toString()).times(new Big(10).pow(-places))
    return { rule: expected.toFixed(), expected }
  })
  const expression = fc.letrec<{ expression: Expression }>((tie) => {
    const operands = fc.array(tie('expression'), { minLength: 2, maxLength: 4 })
    const combine = (operator: string, most: number, combined: (one: Big, other: Big) => Big) =>
      operands.map((parts): Expression => {
        const [first = new Big(0), ...rest] = parts.slice(0, most).map(({ expected }) => expected)
        return { rule: { [operator]: parts.map(({ rule }) => rule) }, expected: rest.reduce(combined, first) }
      })
    return {
      expression: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        literal,
        combine('+', 4, (one, other) => one.plus(other)),
        combine('-', 2, (one, other) => one.minus(other)),
        combine('*', 4, (one, other) => one.times(other)),
        combine('min', 4, (one, other) => (other.lt(one) ? other : one)),
        combine('max', 4, (one, other) => (other.gt(one) ? other : one)),
      ),
    }
  }).expression

  it('is exact, whatever the expression', () => {
    fc.assert(
      fc.property(expression, ({ rule, expected }) => {
        const { value = null, error } = evaluate(JSON.stringify(rule))
        const number = toNumber(value)
        if (error) expect(error.message).toMatch('a product of more than 2048 digits')
        else expect(number && formatDecimal(number)).toBe(expected.toFixed().replace(/^-0$/, '0'))
      }),
      { numRuns: 1000 },
    )
  })
})
