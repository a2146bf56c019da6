export { type ChannelRow, channelsOf, createChannel, findChannel, requireOwnChannel } from './channels.ts'
export { checkHandle, handleTaken } from './handles.ts'
export { mountChannels } from './http.ts'
export { channelOfKey, makeStreamKey, setStreamKey } from './keys.ts'
