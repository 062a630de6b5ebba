import { describeError } from './describe-error.js';

function databaseError(code: string, message: string): Error {
  return Object.assign(new Error(message), { driverError: Object.assign(new Error(message), { code }) });
}

describe('describeError', () => {
  it('removes quoted values from the message and the stack', () => {
    const error = databaseError('22P02', 'invalid input syntax for type integer: "Maria "M" Sokolova"');
    const { message, stack } = describeError(error);
    expect(message).toBe('invalid input syntax for type integer: "…"');
    expect(stack).toContain('describe-error.spec');
    expect(stack).not.toContain('Maria');
  });

  it.each([
    ['German', 'ungültige Eingabesyntax für Typ integer: »Maria Sokolova«'],
    ['French', 'syntaxe en entrée invalide pour le type integer : « Maria Sokolova »'],
    ['Japanese', '"integer"型の入力構文が不正です: 「Maria Sokolova」'],
    ['Russian', 'неверный синтаксис для типа integer: "Maria Sokolova"'],
  ])('removes values from a message in %s as well', (_, message) => {
    const described = describeError(databaseError('22P02', message));
    expect(`${described.message} ${described.stack ?? ''}`).not.toContain('Maria');
  });

  it('keeps the names of tables and columns, and other errors unchanged', () => {
    const message = 'relation "orders" does not exist';
    expect(describeError(databaseError('42P01', message)).message).toBe(message);
    expect(describeError(databaseError('22012', 'division by zero')).message).toBe('division by zero');
    const error = new Error('no "luck"');
    expect(describeError(error)).toEqual({ message: error.message, stack: error.stack });
    expect(describeError('gone')).toEqual({ message: 'gone', stack: undefined });
  });
});
