import { en } from './en.ts'

/** The language of the catalogue, for Intl. */
export const locale = 'en'

type Catalogue = typeof en
export type MessageKey = keyof Catalogue
type Placeholders<Text> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never
type Arguments<Text> = [Placeholders<Text>] extends [never]
  ? []
  : [values: Record<Placeholders<Text>, string | number>]

/** The words for a key. Entries with `{name}` want its value; values are text, never markup. */
export function t<Key extends MessageKey>(key: Key, ...[values]: Arguments<Catalogue[Key]>): string {
  const named: Record<string, string | number> = values ?? {}
  return en[key].replace(/\{(\w+)\}/g, (whole: string, name: string) => String(named[name] ?? whole))
}
