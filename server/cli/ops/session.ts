import type { InputOf, OperationId, OutputOf } from '#server/api/operations';
import type { Client } from '#server/cli/ops/client/client';
import type { AnyCommand, Ops } from '#server/cli/ops/command';
import { confirm } from '#server/cli/ops/confirm';
import type { Screen } from '#server/cli/ops/output/screen';
import { ask } from '#server/cli/ops/prompt';
import type { Settings } from '#server/cli/ops/settings';
import { canAsk, type Terminal } from '#server/cli/ops/terminal';
import type { Confirmation } from '#server/runs/procedure';

export interface SessionParts {
  command: AnyCommand;
  settings: Settings;
  terminal: Terminal;
  screen: Screen;
  signal: AbortSignal;
  /** --yes was given. */
  yes: boolean;
  connect: () => Promise<Client>;
}

/** One call of one command. It connects when the first operation is called, and calls only what the command declares. */
export class Session implements Ops<OperationId> {
  readonly screen: Screen;
  readonly terminal: Terminal;
  readonly settings: Settings;
  readonly signal: AbortSignal;
  readonly #parts: SessionParts;
  #client: Promise<Client> | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.screen = parts.screen;
    this.terminal = parts.terminal;
    this.settings = parts.settings;
    this.signal = parts.signal;
  }

  get canAsk(): boolean {
    return canAsk(this.terminal);
  }

  ask(question: string): Promise<string> {
    return ask(this.terminal, question);
  }

  client(): Promise<Client> {
    this.#client ??= this.#parts.connect();
    return this.#client;
  }

  async call<I extends OperationId>(id: I, input: InputOf<I>): Promise<OutputOf<I>> {
    const { command } = this.#parts;
    if (!command.calls.includes(id)) throw new Error(`"${command.path}" calls ${id} without declaring it`);
    return (await this.client()).call(id, input);
  }

  confirm(question: { level: Confirmation; text: string; name: string }): Promise<void> {
    const { yes } = this.#parts;
    return confirm({ ...question, yes, canAsk: this.canAsk, ask: (text) => this.ask(text) });
  }

  async close(): Promise<void> {
    await (await this.#client?.catch(() => null))?.close();
  }
}
