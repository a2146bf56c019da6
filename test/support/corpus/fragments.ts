/** Reads CMAF back (ISO/IEC 14496-12), with none of the code that wrote it. */

export interface FragmentSample {
  /** In the track's timescale. */
  dts: number
  pts: number
  duration: number
  sync: boolean
  data: Uint8Array
}

interface Box {
  type: string
  /** Where its contents begin, and where it ends. */
  start: number
  end: number
}

const NOT_SYNC = 0x10000

/** The samples of one moof and its mdat. */
export function samplesOf(chunk: Uint8Array): FragmentSample[] {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const [moof, mdat] = boxesIn(view, 0, chunk.length)
  if (moof?.type !== 'moof' || mdat?.type !== 'mdat') throw new Error('a chunk is a moof and an mdat')
  const traf = boxesIn(view, moof.start, moof.end).find(({ type }) => type === 'traf')
  if (!traf) throw new Error('a moof has a traf')
  const boxes = boxesIn(view, traf.start, traf.end)
  const [tfdt, trun] = ['tfdt', 'trun'].map((type) => boxes.find((box) => box.type === type))
  if (!tfdt || !trun) throw new Error('a traf has a tfdt and a trun')
  const flags = view.getUint32(trun.start) & 0xffffff
  const count = view.getUint32(trun.start + 4)
  let dts = Number(view.getBigUint64(tfdt.start + 4))
  let data = view.getUint32(trun.start + 8)
  let at = trun.start + 12
  const field = (bit: number, otherwise: number) => {
    if (!(flags & bit)) return otherwise
    at += 4
    return view.getInt32(at - 4)
  }
  const samples: FragmentSample[] = []
  for (let i = 0; i < count; i++) {
    const duration = field(0x100, 0)
    const size = field(0x200, 0)
    const sync = (field(0x400, 0) & NOT_SYNC) === 0
    const pts = dts + field(0x800, 0)
    samples.push({ dts, pts, duration, sync, data: chunk.subarray(data, data + size) })
    dts += duration
    data += size
  }
  if (data !== mdat.end) throw new Error(`samples end at ${data}, the mdat at ${mdat.end}`)
  return samples
}

/** The media timescale of a header. */
export function timescaleOf(init: Uint8Array): number {
  const view = new DataView(init.buffer, init.byteOffset, init.byteLength)
  let range = { start: 0, end: init.length }
  for (const type of ['moov', 'trak', 'mdia', 'mdhd']) {
    const box = boxesIn(view, range.start, range.end).find((each) => each.type === type)
    if (!box) throw new Error(`a header has a ${type}`)
    range = box
  }
  return view.getUint32(range.start + 12)
}

function boxesIn(view: DataView, start: number, end: number): Box[] {
  const boxes: Box[] = []
  for (let at = start; at < end; ) {
    const size = view.getUint32(at)
    if (size < 8 || at + size > end) throw new Error(`a box of ${size} bytes at ${at}`)
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)))
    boxes.push({ type, start: at + 8, end: at + size })
    at += size
  }
  return boxes
}
