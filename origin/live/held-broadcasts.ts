import { endWords } from './end-reasons.ts'
import type { Grant } from './grant.ts'
import { HeldBroadcast, type HeldBroadcastOptions } from './held-broadcast.ts'
import { type Encoder, type Publication, PublishRefused } from './rtmp/desk.ts'

/** The broadcasts of a node: brings each publisher to the one that it goes on with. */
export class HeldBroadcasts {
  readonly #options: Omit<HeldBroadcastOptions, 'onOver'>
  readonly #newest = new Map<string, HeldBroadcast>()
  /** Also those that are over and still keep what is left of them. */
  readonly #all = new Set<HeldBroadcast>()

  constructor(options: Omit<HeldBroadcastOptions, 'onOver'>) {
    this.#options = options
  }

  /**
   * Begins the session of a publisher that was let in.
   * @throws PublishRefused when a newer one is here already: the api's answers may come in any order
   */
  admit(grant: Grant, encoder: Encoder): Publication {
    const held = this.#newest.get(grant.broadcastId)
    const newestEpoch = Math.max(held?.epoch ?? 0, this.#options.registry.newestEpoch(grant.broadcastId))
    if (grant.epoch <= newestEpoch) {
      throw new PublishRefused('NetStream.Publish.BadName', endWords('superseded'))
    }
    if (held?.isOpen) {
      held.admit(grant, encoder)
      return held.publication
    }
    return this.#hold(grant, encoder).publication
  }

  /** Ends every session; encoders that come back to another run of the node find their broadcasts interrupted. */
  async close(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#all].map((held) => held.close(signal)))
  }

  #hold(grant: Grant, encoder: Encoder): HeldBroadcast {
    const { broadcastId } = grant
    const onOver = () => {
      this.#all.delete(held)
      if (this.#newest.get(broadcastId) === held) this.#newest.delete(broadcastId)
    }
    const held: HeldBroadcast = new HeldBroadcast({ ...this.#options, onOver }, grant, encoder)
    this.#all.add(held)
    this.#newest.set(broadcastId, held)
    return held
  }
}
