import type { Attributes } from '../attributes.ts'
import type { GroupMember, Multivariant, Variant } from '../multivariant.ts'
import type { Presentation } from '../state.ts'
import type { Complain } from '../violation.ts'

const VIDEO = /^(avc[13]|hvc1|hev1|av01|vp09)\./
const AUDIO = /^(mp4a|opus|ac-3|ec-3|fLaC)/

/** Multivariant playlists (4.4.6, MEDIA 14). */
export function groupRules(
  { multivariant, presentation }: { multivariant: Multivariant; presentation: Presentation },
  complain: Complain,
): void {
  const { variants, members } = multivariant
  if (variants.length === 0) complain('tag-required', 'no variant')
  if (multivariant.version < neededVersion(members))
    complain('version-low', `version ${multivariant.version}`)
  const live = [...presentation.playlists.values()].some(({ full }) => !full.ended && full.type !== 'VOD')
  if (multivariant.independent && live) {
    complain('independent-claimed', 'EXT-X-INDEPENDENT-SEGMENTS in a live stream')
  }
  for (const variant of variants) look(variant, members, complain)
  captions(variants, complain)
  groups(members, complain)
  const addresses = new Set<string>()
  for (const { uri, line } of [...variants, ...members]) {
    if (uri !== null && addresses.has(uri)) complain('variant-twice', uri, line)
    if (uri !== null) addresses.add(uri)
  }
}

function neededVersion(members: readonly GroupMember[]): number {
  return members.some((member) => member.type === 'CLOSED-CAPTIONS') ? 7 : 4
}

function look({ attributes, line }: Variant, members: readonly GroupMember[], complain: Complain): void {
  const number = (name: string) => Number(attributes.get(name)?.text)
  const average = number('AVERAGE-BANDWIDTH')
  if (!(average > 0 && number('BANDWIDTH') >= average)) {
    complain('variant-bandwidth', `${number('BANDWIDTH')} and ${average} on average`, line)
  }
  const codecs = (attributes.get('CODECS')?.text ?? '').split(',')
  const picture = codecs.filter((codec) => VIDEO.test(codec)).length
  const sound = codecs.filter((codec) => AUDIO.test(codec)).length
  const hasAudio = attributes.has('AUDIO')
  if (picture + sound !== codecs.length || picture > 1 || (hasAudio && sound === 0)) {
    complain('variant-codecs', codecs.join(','), line)
  }
  const isPicture = picture > 0
  if (isPicture !== attributes.has('RESOLUTION') || isPicture !== attributes.has('FRAME-RATE')) {
    complain('variant-picture', isPicture ? 'one is missing' : 'a size without a picture', line)
  }
  for (const [name, type] of [
    ['AUDIO', 'AUDIO'],
    ['SUBTITLES', 'SUBTITLES'],
    ['CLOSED-CAPTIONS', 'CLOSED-CAPTIONS'],
  ] as const) {
    const group = groupOf(attributes, name)
    if (group === null || members.some((member) => member.type === type && member.groupId === group)) continue
    complain('variant-group', `no ${type} group "${group}"`, line)
  }
}

function groupOf(attributes: Attributes, name: string): string | null {
  const value = attributes.get(name)
  return value?.quoted ? value.text : null
}

function captions(variants: readonly Variant[], complain: Complain): void {
  const pictures = variants.filter(({ attributes }) => attributes.has('RESOLUTION'))
  const said = (variant: Variant) => {
    const value = variant.attributes.get('CLOSED-CAPTIONS')
    return value ? `${value.quoted}${value.text}` : null
  }
  const odd = pictures.find(
    (variant) => said(variant) === null || said(variant) !== said(pictures[0] ?? variant),
  )
  if (odd)
    complain(
      'variant-captions',
      said(odd) === null ? 'nothing is said' : 'not the same in all variants',
      odd.line,
    )
}

function groups(members: readonly GroupMember[], complain: Complain): void {
  for (const [i, member] of members.entries()) {
    const others = members.slice(0, i).filter((o) => o.type === member.type && o.groupId === member.groupId)
    const twin = others.find((o) => o.name === member.name || (o.isDefault && member.isDefault))
    if (twin) complain('group-member', `"${member.name}"`, twin.line, member.line)
  }
}
