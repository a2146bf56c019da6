/** A value of an attribute list; `quoted` when it stood in quotation marks. */
export interface AttributeValue {
  text: string
  quoted: boolean
}

export type Attributes = ReadonlyMap<string, AttributeValue>

const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"\r\n]*)"|([^",\s]+))(,|$)/y

/** Parses an attribute list (RFC 8216bis 4.2). A text where it went wrong instead of the list. */
export function parseAttributes(text: string): Attributes | string {
  const attributes = new Map<string, AttributeValue>()
  ATTRIBUTE.lastIndex = 0
  let at = 0
  while (at < text.length) {
    const match = ATTRIBUTE.exec(text)
    if (!match) return `no attribute at "${text.slice(at, at + 40)}"`
    const [, name = '', quoted, plain = '', end] = match
    if (attributes.has(name)) return `${name} twice`
    attributes.set(name, { text: quoted ?? plain, quoted: quoted !== undefined })
    at = ATTRIBUTE.lastIndex
    if (end === ',' && at === text.length) return 'a comma at the end'
  }
  return attributes.size > 0 ? attributes : 'no attributes'
}
