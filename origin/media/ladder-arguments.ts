import type { Encoder } from './encoders.ts'
import type { Rung } from './ladder.ts'

/** Options before a live FLV on ffmpeg's stdin: as little as possible is read ahead, time stamps stay. */
export function liveInputArguments(): string[] {
  return [
    ...['-flags', 'low_delay', '-analyzeduration', '0', '-probesize', '32k'],
    ...['-protocol_whitelist', 'pipe', '-copyts', '-f', 'flv'],
  ]
}

/** Options before each rung's output: one decoder for all, each rung scaled from the next larger one. */
export function rungOutputArguments(rungs: readonly Rung[], encoder: Encoder): string[][] {
  return rungs.map((rung, index) => [
    // The graph is the run's, not the output's; it stands with the first.
    ...(index === 0 ? ['-filter_complex', scaleGraph(rungs)] : []),
    ...['-map', `[out${index}]`, '-an'],
    ...encoder.arguments(rung),
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

function scaleGraph(rungs: readonly Rung[]): string {
  return rungs
    .map((rung, index) => {
      const from = index === 0 ? '[0:v]' : `[next${index - 1}]`
      const scale = `${from}scale=${rung.width}:${rung.height}:flags=bicubic,setsar=1,format=yuv420p`
      return index === rungs.length - 1
        ? `${scale}[out${index}]`
        : `${scale},split[out${index}][next${index}]`
    })
    .join(';')
}
