/** Looks shared by every menu. */
export const menuContent =
  'z-50 grid max-h-[calc(var(--bits-floating-available-height)-8px)] min-w-52 gap-0.5 overflow-y-auto overscroll-contain rounded-md border border-line bg-raised p-1.5 text-ink shadow-raised outline-none data-[state=open]:animate-[fade_120ms]'
export const menuItem =
  'flex min-h-9 cursor-pointer select-none items-center gap-2.5 rounded-sm px-2.5 py-1.5 text-sm font-medium outline-none data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:shrink-0'
export const menuHeading = 'px-2.5 pt-1.5 pb-1 text-xs font-semibold text-ink-3'
export const menuLine = '-mx-1.5 my-1 h-px bg-line'
