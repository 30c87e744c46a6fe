/** Thrown by a scenario that finds out in the guest that it can't be made there: no verdict, and nobody's fault. */
export class CellLacks extends Error {
  override name = 'CellLacks';
}
