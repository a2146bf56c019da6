import { SILENT_TRACK } from './aac/silence.ts'
import { CutList } from './packager/cut-list.ts'
import type { EmitPackagerEvent } from './packager/events.ts'
import { Follower } from './packager/follower.ts'
import { Lead } from './packager/lead.ts'
import { RenditionWriter } from './packager/rendition-writer.ts'
import { Rung } from './packager/rung.ts'
import { RungClock } from './packager/rung-clock.ts'
import type { SanitisedEvent } from './sanitiser.ts'
import type { PartTargetMs, Sample, SourceEvent, Track } from './types.ts'

export type { PackagerEvent } from './packager/events.ts'

export interface PackagerOptions {
  epoch: number
  /** Media sequence number of the first segment; the following ones count up from it. */
  firstSequence: number
  partTargetMs: PartTargetMs
  /** Ids of the ladder's rungs that will come ("720p30", ...): each gets every segment, as GAP where it has none. */
  rungs?: readonly string[]
  /** Program time before which this epoch must not begin: the end of the previous one (MEDIA.md 4). */
  notBeforeMs?: number
  /** True for every epoch but a broadcast's first: the first segments carry a discontinuity mark. */
  discontinuity?: boolean
  /** In which timescales renditions are listed that an earlier epoch began: a playlist has only one. */
  timescales?: ReadonlyMap<string, number>
  /** The broadcast has sound as long as it has a picture: silence where the source sends none (MEDIA.md 10). */
  alwaysAudio?: boolean
}

const TICKS_PER_MS = 90
/** A follower that is behind the lead by more is given up for the segments concerned; a lead that is behind stands still. */
const MAX_LAG = 3000 * TICKS_PER_MS
/** Sound of which nothing came while the picture went on for so long has stopped: silence goes on in its place. */
const MAX_QUIET = 1000 * TICKS_PER_MS
/** When nothing at all came for longer, the broadcast goes on after a discontinuity, without the hole. */
const MAX_HOLE = 2000 * TICKS_PER_MS

/**
 * One publisher session's packager: samples in, parts and segments out (MEDIA.md 3-8). The source's video leads, audio
 * and the ladder's rungs follow; without video the audio leads. Knows no clock but the samples' own.
 */
export class Packager {
  readonly #options: PackagerOptions
  readonly #emit: EmitPackagerEvent
  readonly #cuts = new CutList()
  readonly #rungClock = new RungClock()
  readonly #rungs = new Map<string, Rung>()
  #lead: Lead | null = null
  #leadWriter: RenditionWriter | null = null
  #audio: Follower | null = null
  /** Where the picture was when sound came last; null while none is expected. */
  #heardAt: number | null = null
  /** Program time and presentation time of the first segment. */
  #anchorMs = 0
  #origin: number | null = null
  #finished = false

  constructor(options: PackagerOptions, emit: EmitPackagerEvent) {
    this.#options = options
    this.#emit = emit
    for (const id of options.rungs ?? []) {
      const begin = (track: Track) => this.#follow(id, track, this.#rungClock)
      this.#rungs.set(id, new Rung(this.#rungClock, begin))
    }
  }

  /** The source's samples, straight from the sanitiser. */
  push(event: SanitisedEvent): void {
    if (this.#finished) return
    switch (event.type) {
      case 'tracks':
        this.#start(event.video, event.audio)
        break
      case 'sample':
        if (event.kind === this.#leadWriter?.track.kind) this.#pushLead(event.sample, event.arrivedAtMs)
        else this.#pushAudio(event.sample)
        break
      case 'track-changed':
        this.#change(event.track, event.needsHeader)
        break
      case 'captions':
        this.#leadWriter?.improve({ captions: true })
        break
      case 'warning':
        break
    }
  }

  /**
   * A rung's encoder output, straight from `sourceEventOf`: times in ms as `flvSampleTag` wrote them to the encoder.
   * @throws RangeError for a rung that wasn't announced in the options
   */
  pushRung(rungId: string, event: SourceEvent): void {
    const rung = this.#rung(rungId)
    if (this.#finished) return
    rung.push(event)
    rung.follower?.drain(this.#lead?.safeUntil ?? Number.NEGATIVE_INFINITY)
  }

  /**
   * The rung's encoder is gone: GAP from here on, until `pushRung` brings a key frame again.
   * @throws RangeError for a rung that wasn't announced in the options
   */
  dropRung(rungId: string): void {
    this.#rung(rungId).drop()
  }

  /** End of the session: closes the last part and segment of every rendition. Later calls do nothing. */
  finish(): void {
    if (this.#finished || !this.#lead) return
    this.#finished = true
    // Sound may go on after the last picture.
    const end = Math.max(this.#lead.head + this.#lead.frameDuration, this.#audio?.head ?? 0)
    this.#lead.standStill(end)
    this.#lead.finish(end)
    this.#fillSilence(end, end)
    for (const follower of this.#followers()) follower.finish(end)
  }

  /** First media sequence number that no segment has begun to use: compare with the reserved block. */
  get nextSequence(): number {
    return this.#options.firstSequence + this.#cuts.last + 1
  }

  #rung(id: string): Rung {
    const rung = this.#rungs.get(id)
    if (!rung) throw new RangeError(`no rung ${id} was announced`)
    return rung
  }

  *#followers(): Generator<Follower> {
    if (this.#audio) yield this.#audio
    for (const rung of this.#rungs.values()) if (rung.follower) yield rung.follower
  }

  #start(video: Track | null, audio: Track | null): void {
    const track = video ?? audio
    if (!track || this.#lead) return
    this.#leadWriter = this.#writer(video ? 'source' : 'audio', track)
    this.#lead = new Lead(this.#leadWriter, this.#cuts, this.#programTimeOf, this.#afterCut)
    if (!video || !(audio || this.#options.alwaysAudio)) return
    this.#audio = this.#follow('audio', audio ?? SILENT_TRACK, null)
    if (audio) this.#heardAt = 0
  }

  #change(track: Track, needsHeader: boolean): void {
    if (track.kind === this.#leadWriter?.track.kind) {
      if (needsHeader || this.#lead?.waitsForHeader) this.#lead?.turn(track)
      else if (track.kind === 'video') this.#leadWriter.useParameterSets(track)
    } else if (track.kind === 'audio' && this.#audio) {
      this.#audio.change(track)
      if (this.#audio.waitsForTurn) this.#lead?.turn(null)
    }
  }

  #writer(id: string, track: Track): RenditionWriter {
    const { epoch, firstSequence, partTargetMs, discontinuity = false, timescales } = this.#options
    const timescale = timescales?.get(id) ?? null
    return new RenditionWriter(
      { id, track, timescale, epoch, firstSequence, partTargetMs, discontinuity },
      this.#emit,
    )
  }

  #follow(id: string, track: Track, source: RungClock | null): Follower {
    return new Follower(this.#writer(id, track), this.#cuts, this.#programTimeOf, source)
  }

  readonly #programTimeOf = (time: number): number => {
    this.#origin ??= time
    return Math.round(this.#anchorMs + (time - this.#origin) / TICKS_PER_MS)
  }

  readonly #afterCut = (): void => {
    const cut = this.#cuts.at(this.#cuts.last) ?? 0
    for (const rung of this.#rungs.values()) if (rung.dropped) rung.follower?.giveUpUntil(cut)
  }

  #pushLead(sample: Sample, arrivedAtMs: number): void {
    const lead = this.#lead
    if (!lead) return
    if (!lead.started) this.#anchorMs = Math.max(this.#options.notBeforeMs ?? 0, arrivedAtMs)
    if (this.#rungs.size > 0) {
      this.#rungClock.remember(sample.pts)
      this.#rungClock.show(sample.pts)
      if (sample.dts !== sample.pts) this.#rungClock.remember(sample.dts)
    }
    const hole = lead.holeBefore(sample)
    const resumes = hole > MAX_HOLE && this.#isQuiet(lead.head, lead.head + hole)
    if (resumes) lead.resume()
    lead.push(sample)
    const { head, safeUntil } = lead
    if (resumes) {
      this.#audio?.resumeAt(head)
      if (this.#heardAt !== null) this.#heardAt = head
    }
    this.#fillSilence(head, safeUntil)
    this.#audio?.giveUpUntil(head - MAX_LAG)
    this.#audio?.drain(safeUntil)
    for (const { follower } of this.#rungs.values()) {
      follower?.giveUpUntil(head - MAX_LAG)
      follower?.drain(safeUntil)
    }
  }

  #isQuiet(from: number, until: number): boolean {
    return this.#audio === null || this.#heardAt === null || this.#audio.isQuiet(from, until)
  }

  /** So that nobody waits for sound that will not come. What is only late has 3 s, as every follower. */
  #fillSilence(head: number, safeUntil: number): void {
    const audio = this.#audio
    if (!audio) return
    const stopped = this.#heardAt === null || head - this.#heardAt > MAX_QUIET || audio.waitsForTurn
    audio.fill(stopped ? Math.min(safeUntil, head) : head - MAX_LAG)
  }

  #pushAudio(sample: Sample): void {
    const audio = this.#audio
    const lead = this.#lead
    if (!audio || !lead) return
    audio.push(sample)
    this.#heardAt = Math.max(0, lead.head)
    const standing = audio.head - MAX_LAG
    if (lead.started && standing > lead.safeUntil && audio.steadyFor > MAX_LAG) {
      const until = lead.standStill(standing)
      audio.drain(Math.max(until, lead.safeUntil))
    } else audio.drain(lead.safeUntil)
  }
}
