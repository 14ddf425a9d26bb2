/** The sample data of `npm run dev`, so that an event can be sent at once. It is created in this order, unless the customer exists. */
const SCHEMA = {
  name: 'sample_download',
  description: 'A file was downloaded. Made by npm run dev.',
  attributes: [{ name: 'megabytes', defaultUnit: 'MB' }],
  dimensions: [{ name: 'region' }],
  filterFields: ['region'],
}
const METER = {
  name: 'sample_megabytes',
  billableName: 'Megabytes downloaded',
  type: 'COUNTER',
  aggregation: 'SUM',
  eventSchemaName: SCHEMA.name,
  computations: [{ computation: '{"var":"attributes.megabytes"}', order: 1 }],
}
const CUSTOMER = {
  id: 'sample',
  name: 'Sample Customer',
  primaryEmail: 'sample@example.com',
  address: {},
  account: { id: 'sample-account', name: 'Sample Account' },
}

type Send = (method: 'GET' | 'POST', path: string, body?: object) => Promise<{ status: number; answer: { id?: string; message?: string } }>

/** Creates the sample data, unless it exists. Each request has its own key, so that the next start can finish an interrupted one. */
export const makeSample = async (url: string, token: string): Promise<void> => {
  const send: Send = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Idempotency-Key': `npm run dev ${path}` }
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    return { status: response.status, answer: (await response.json()) as { id?: string; message?: string } }
  }
  const make = async (path: string, body?: object): Promise<string> => {
    const { status, answer } = await send('POST', path, body)
    if (status >= 300) throw new Error(`POST ${path} was answered ${status}: ${answer.message}`)
    return answer.id ?? ''
  }
  if ((await send('GET', `/customers/${CUSTOMER.id}`)).status === 200) return
  await make('/event_schema', SCHEMA)
  await make(`/event_schema/${SCHEMA.name}/activate`)
  const meter = await make('/usage_meters', METER)
  await make(`/usage_meters/${meter}/activate`)
  await make('/customers', CUSTOMER)
}

/** A command that sends a sample event. The shell makes a new id and time for each, so the command can be repeated. */
export const commandOf = (url: string, token: string): string => `curl ${url}/ingest \\
  -H 'Authorization: Bearer ${token}' \\
  -H 'Content-Type: application/json' \\
  -d '{"event":{"id":"sample-'$(date +%s)-$RANDOM'","schemaName":"${SCHEMA.name}","timestamp":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","accountId":"${CUSTOMER.account.id}","attributes":[{"name":"megabytes","value":"12.5"}],"dimensions":{"region":"eu"}}}'`
