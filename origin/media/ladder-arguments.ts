import type { EncoderRow } from './encoders.ts'
import type { Rung } from './ladder.ts'

/** Options before a live FLV on ffmpeg's stdin: as little as possible is read ahead, time stamps stay. */
export function liveInputArguments(row: EncoderRow): string[] {
  return [
    ...row.input,
    ...['-flags', 'low_delay', '-analyzeduration', '0', '-probesize', '32k'],
    ...['-protocol_whitelist', 'pipe', '-copyts', '-f', 'flv'],
  ]
}

/** Options before each rung's output: one decoder for all, each rung scaled from the next larger one. */
export function rungOutputArguments(rungs: readonly Rung[], row: EncoderRow): string[][] {
  return rungs.map((rung, index) => [
    // The graph is the run's, not the output's; it stands with the first.
    ...(index === 0 ? ['-filter_complex', scaleGraph(rungs, row)] : []),
    ...['-map', `[out${index}]`, '-an'],
    ...row.encode(rung),
    // A frame keeps its time: no rate conversion, the encoder counts in the input's milliseconds.
    ...['-force_key_frames', 'source', '-fps_mode', 'passthrough', '-enc_time_base', '-1'],
    ...[
      '-avoid_negative_ts',
      'disabled',
      '-flvflags',
      'no_duration_filesize',
      '-flush_packets',
      '1',
      '-f',
      'flv',
    ],
  ])
}

function scaleGraph(rungs: readonly Rung[], row: EncoderRow): string {
  return rungs
    .map((rung, index) => {
      const scaled = `${index === 0 ? '[0:v]' : `[next${index - 1}]`}${row.scale(rung)}`
      const delivered = row.deliver === null ? '' : `,${row.deliver}`
      if (index === rungs.length - 1) return `${scaled}${delivered}[out${index}]`
      if (row.deliver === null) return `${scaled},split[out${index}][next${index}]`
      return `${scaled},split[own${index}][next${index}];[own${index}]${row.deliver}[out${index}]`
    })
    .join(';')
}
