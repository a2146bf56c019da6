import type { LayoutServerLoad } from './$types'

/** Which of their channels a person last worked with: a preference, believed only if it is theirs. */
export const load: LayoutServerLoad = ({ cookies }) => ({ preferredHandle: cookies.get('channel') ?? null })
