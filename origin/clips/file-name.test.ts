import { expect, test } from 'vitest'
import { fileNameOf } from './file-name.ts'

test.each([
  ['Goal!', `attachment; filename="Goal!.mp4"; filename*=UTF-8''Goal!.mp4`],
  ['Größe (2)', `attachment; filename="Groe (2).mp4"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%282%29.mp4`],
  ['日本', `attachment; filename="clip.mp4"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.mp4`],
  [
    '../../etc/"passwd"\r\nx: y',
    `attachment; filename=".. .. etc passwd x y.mp4"; filename*=UTF-8''..%20..%20etc%20passwd%20x%20y.mp4`,
  ],
  ['***', `attachment; filename="clip.mp4"; filename*=UTF-8''clip.mp4`],
])('a clip called %j is saved under a name that every system takes', (title, header) => {
  expect(fileNameOf(title)).toBe(header)
})
