import { isId } from '@streamtube/contracts/ids.ts'
import { ApiError, invalidFields } from '../http/errors.ts'

/** Names that addresses of the site begin with, now or later, and names that would let someone pose as the site. */
const RESERVED = new Set(
  `about account accounts admin administrator api app apps archive assets auth billing blog c channel channels chat
  clip clips contact dashboard developer developers docs download embed explore favicon feed feeds files follow
  following go-live go_live golive guest healthz help home hls host internal jobs legal link links live login logout
  m me media member members membership metrics mod moderator moderation new notifications null oauth official p
  password pay payments playback playlist playlists premium privacy problems profile public readyz register reset root
  rpc rss search security session sessions settings setup sign-in sign-out sign-up signin signout signup sitemap staff
  static status stream streams streamtube studio subscribe subscriptions support system tag tags team terms thumbnails
  undefined upload uploads user users v vi video videos watch webhooks well-known whep whip www`.split(/\s+/),
)

/** True for a handle that nobody may take. One that looks like an id would make addresses ambiguous. */
export function isReservedHandle(handle: string): boolean {
  return RESERVED.has(handle) || isId(handle)
}

/** @throws ApiError 400 that names the field for a reserved handle */
export function checkHandle(handle: string): void {
  if (isReservedHandle(handle)) {
    throw invalidFields([{ field: 'handle', message: 'is reserved; choose another one' }])
  }
}

/** 409: someone has this handle already. */
export function handleTaken(): ApiError {
  return new ApiError('handle-taken', 409, 'This handle is taken', {
    errors: [{ field: 'handle', message: 'is taken; choose another one' }],
  })
}
