import { describe, expect, it } from 'vitest'
import { readsOf } from '../../src/logic/reads.ts'
import { compileTemplate } from '../../src/logic/template.ts'

const DATA = {
  accountId: 'acc',
  attributes: { size: 2.5, 'read rate': 1, none: null },
  dimensions: { city: 'Rome', 'a.b': 'dotted', empty: '' },
  dependencies: { rates: { day: 3 } },
  isNew: true,
}

const evaluate = (text: string) => {
  const template = compileTemplate(text)
  return template.evaluate ? template.evaluate(DATA) : template
}

describe('a template', () => {
  it.each([
    ['${accountId}', 'acc'],
    ['a-${ accountId }-${attributes.size}/${dimensions.city}', 'a-acc-2.5/Rome'],
    ['${accountId}${accountId}', 'accacc'],
    ['${dimensions.a.b} ${attributes.read rate} ${dependencies.rates.day}', 'dotted 1 3'],
    ['$accountId $${isNew}}', '$accountId $true}'],
    ['{${accountId}', '{acc'],
    ['{"cat":["${accountId}"', '{"cat":["acc"'],
    ['${dimensions.empty}', ''],
    ['  {"cat":[{"var":"accountId"},"-",{"var":"attributes.size"}]}', 'acc-2.5'],
    ['{"+":[{"var":"attributes.size"},1]}', '3.5'],
  ])('%s is %s', (text, expected) => {
    expect(evaluate(text)).toEqual({ text: expected })
  })

  it.each([
    ['${attributes.none}', 'attributes.none', 'must come to a text, a number, true or false'],
    ['a ${accountId} ${accountID}', 'accountID', 'must come to a text, a number, true or false'],
    ['${attributes}', 'attributes', 'must come to a text, a number, true or false'],
    ['{"var":"nothing"}', '', 'must come to a text, a number, true or false'],
    ['{"/":[{"var":"attributes.size"},0]}', '//', '"/": division by zero'],
  ])('%s has an error at %s', (text, path, message) => {
    const { error } = evaluate(text)
    expect([error?.path.replace('~1', '/'), error?.message]).toEqual([path, message])
  })

  it.each([
    ['', 'must read something of the event, such as ${accountId}'],
    ['a', 'must read something of the event, such as ${accountId}'],
    ['{"cat":["a"]}', 'must read something of the event'],
    ['${', 'must close each ${ with a }, with a path such as accountId between them'],
    ['${a} ${}', 'must close each ${ with a }, with a path such as accountId between them'],
    [`\${${'a.'.repeat(60)}a}`, '"var": a path must be of 1024 characters and 50 steps at most'],
    ['{"a":1,"b":2}', 'must have one operator, and has 2'],
    ['{}', 'must have one operator, and has 0'],
  ])('of %j is refused', (text, message) => {
    expect(compileTemplate(text).error?.message).toBe(message)
  })
})

describe('what a rule reads', () => {
  it.each([
    ['1', []],
    ['{"var":"a.b"}', ['a.b']],
    ['{"var":["a","b"]}', ['a']],
    ['{"var":["a",{"var":"b"}]}', ['a']],
    ['{"if":[{"==":[{"var":"a"},{"var":"a"}]},[{"var":"b"}],{"cat":{"var":"c"}}]}', ['a', 'b', 'c']],
    ['{"map":[{"var":"a"},{"+":[{"var":"b"},{"map":[{"var":"c"},{"var":"d"}]}]}]}', ['a']],
    ['{"reduce":[{"var":"a"},{"var":"current"},{"var":"b"}]}', ['a', 'b']],
    ['{"missing":["a","b"]}', ['a', 'b']],
    ['{"missing":[["a","b"]]}', ['a', 'b']],
    ['{"missing_some":[1,["a","b"]]}', ['a', 'b']],
  ])('of %s is %j', (text, paths) => {
    expect(readsOf(text)).toEqual({ paths, isOpen: false })
  })

  it.each([
    ['{"var":""}', []],
    ['{"var":[]}', []],
    ['{"var":null}', []],
    ['{"var":{"cat":["a.",{"var":"b"}]}}', ['b']],
    ['{"missing":{"merge":[{"var":"a"}]}}', ['a']],
    ['{"+":[{"var":"c"},{"var":0}]}', ['c']],
  ])('of %s may be anything', (text, paths) => {
    expect(readsOf(text)).toEqual({ paths, isOpen: true })
  })
})
