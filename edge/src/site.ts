/** What Hono's handlers of the site find in their context. */
export interface SiteTypes {
  Bindings: {
    /** The address asked for, normalised: no dot segments, no backslashes. */
    url: URL
    remoteAddress: () => string
    /** Set by the route that answers, for metrics. */
    routeClass: RouteClass
  }
  Variables: {
    requestId: string
  }
}

/** Routes as metrics tell them apart. */
export type RouteClass = 'media' | 'playback' | 'api' | 'thumbnail' | 'asset' | 'page' | 'none'
