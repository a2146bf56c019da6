import { expect, test } from 'vitest'
import { publishCommand, publishRun } from './publish-command.ts'

test('the line to paste is the run of npm run demo:publish, word for word', () => {
  const { inputs, outputs } = publishRun('rtmp://localhost:1935/live', 'st_key')
  const line = publishCommand('rtmp://localhost:1935/live', 'st_key')
  for (const part of [...inputs, ...outputs]) expect(line).toContain(part.options.join(' '))
  expect(line).toMatch(
    /^ffmpeg -re -f lavfi -i testsrc2\S+ -f lavfi -i sine\S+ .* rtmp:\/\/localhost:1935\/live\/st_key$/,
  )
  expect(line).not.toMatch(/['"$;&|<>\\]/)
})
