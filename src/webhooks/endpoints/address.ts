import ipaddr from 'ipaddr.js'
import { ApiError } from '../../lib/errors.ts'

/** Names that lead into the own machine or network (RFC 6761, 6762, 8375 and the practice of clouds). */
const LOCAL_NAMES = ['localhost', 'localdomain', 'local', 'internal', 'intranet', 'lan', 'home.arpa']

const isLocalName = (host: string): boolean => !host.includes('.') || LOCAL_NAMES.some((name) => host === name || host.endsWith(`.${name}`))

/** All IPv6 addresses that are given to anyone in the public internet (RFC 4291, 2.4, and the registry of IANA). */
const GIVEN = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether a literal address is one of the public internet. An IPv4 address inside an IPv6 one is held to the same. */
const isPublic = (host: string): boolean => {
  const address = ipaddr.process(host)
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GIVEN))
}

/**
 * Says what is wrong with the address of an endpoint; undefined if it can be sent to. The URL parser has brought all ways to write an IPv4
 * address into one. Names are not resolved: a Worker on Cloudflare cannot reach private networks, whatever a name resolves to.
 */
export const faultOfAddress = (url: string, allowsLocal: boolean): string | undefined => {
  if (!URL.canParse(url)) return 'must be a URL, such as https://example.com/webhooks'
  const { protocol, username, password, hostname, hash } = new URL(url)
  if (protocol !== 'https:' && !(allowsLocal && protocol === 'http:')) return 'must begin with https://'
  if (username || password) return 'must hold no user name and no password'
  if (hash) return 'must hold no #, which is not sent'
  if (allowsLocal) return undefined
  const host = hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.+$/, '')
    .toLowerCase()
  if (ipaddr.isValid(host) ? !isPublic(host) : isLocalName(host)) return 'must be an address of the public internet'
  return undefined
}

/** Throws INVALID for an address to which nothing may be sent. */
export const refuseAddress = (url: string, allowsLocal: boolean): void => {
  const fault = faultOfAddress(url, allowsLocal)
  if (fault) throw new ApiError('INVALID', `url: ${fault}`)
}
