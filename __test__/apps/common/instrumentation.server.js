/**
 * Stands in `src` in one variant alone. It has to run once in each thread that runs the app, before
 * anything of it.
 */
const state = /** @type {{ app_began?: boolean, instrumented?: string[] }} */ (globalThis);

state.instrumented ??= [];
state.instrumented.push(state.app_began ? 'after the app' : 'before the app');
