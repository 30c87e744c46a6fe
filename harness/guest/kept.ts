/**
 * A value that is read once, from whichever guest asks first, and then kept. A reading that fails is that guest's own
 * misfortune: the next one reads again, and so does every one that waited for it.
 */
export class Kept<T> {
  private reading: Promise<T> | null = null;

  async get(read: () => Promise<T>): Promise<T> {
    while (this.reading) {
      try {
        return await this.reading;
      } catch {
        // It has cleared the field, unless another one began already.
      }
    }
    const reading = read();
    this.reading = reading;
    try {
      return await reading;
    } catch (error) {
      this.reading = null;
      throw error;
    }
  }
}
