import { goTo, linkTo } from './address.ts'
import { type Answer, read } from './client.ts'

/** Sends a request that starts a job, and goes to the page of the job, whose id is at the end of Location. */
export const startJob = async (asked: Promise<Answer<unknown>>): Promise<void> => {
  await read(asked)
  const id = (await asked).response.headers.get('Location')?.split('/').at(-1)
  goTo(id ? linkTo('jobs', decodeURIComponent(id)) : linkTo('jobs'))
}
