import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'

/** What becomes of a request: its answer is lost, or it is answered by the proxy and not passed on. */
export type Fault = 'ANSWER_IS_LOST' | { status: number; headers: Record<string, string>; body?: string }

/** Headers that are of one connection, or that the next one sets itself. */
const NOT_PASSED = new Set(['host', 'connection', 'content-length', 'content-encoding', 'transfer-encoding'])

/** Starts a proxy before a server, and asks of each request what is to go wrong with it. */
export const openProxy = async (url: string, chooseFault: (method: string, path: string) => Fault | undefined) => {
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '' } = request
    const body = await textOf(request)
    const fault = chooseFault(method, path)
    if (typeof fault === 'object') {
      response.writeHead(fault.status, fault.headers).end(fault.body)
      return
    }
    const headers = Object.entries(request.headers).filter(([name]) => !NOT_PASSED.has(name))
    const answer = await fetch(url + path, { method, headers: headers as [string, string][], ...(body && { body }) })
    const text = await answer.text()
    if (fault === 'ANSWER_IS_LOST') request.socket.destroy()
    else
      response
        .writeHead(
          answer.status,
          [...answer.headers].filter(([name]) => !NOT_PASSED.has(name)),
        )
        .end(text)
  }
  const server = createServer((request, response) => void pass(request, response).catch(() => request.socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}
