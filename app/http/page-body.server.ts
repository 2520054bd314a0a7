import { Transform, type TransformCallback } from 'node:stream';

/**
 * The way of a page from React to the response. React writes pieces of 2 kB and calls `flush` when it has no more to say
 * for now; what it wrote until then goes on in one piece, because each piece costs a turn through the web stream, the
 * compression's thread and the socket, and a list has a hundred.
 */
export class PageBody extends Transform {
  readonly #pieces: Buffer[] = [];

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pieces.push(piece);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.flush();
    done();
  }

  /** Sends on what has been written. */
  flush(): void {
    if (this.#pieces.length > 0) this.push(Buffer.concat(this.#pieces.splice(0)));
  }
}
