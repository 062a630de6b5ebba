import { Random } from './random.js';

export interface SampleCustomer {
  readonly id: string;
  readonly name: string;
  readonly speaks: 'Russian' | 'English';
}

/** First names and masculine surnames; the feminine form adds an `а`. */
const RUSSIAN = {
  women: [
    ...['Мария', 'Анна', 'Елена', 'Ольга', 'Наталья', 'Екатерина', 'Татьяна', 'Ирина', 'Светлана', 'Юлия', 'Дарья'],
    ...['Ксения', 'Полина', 'Алиса', 'Вера', 'Людмила', 'Галина', 'Евгения', 'Виктория', 'Софья'],
  ],
  men: [
    ...['Александр', 'Дмитрий', 'Сергей', 'Андрей', 'Алексей', 'Михаил', 'Иван', 'Никита', 'Павел', 'Роман', 'Артём'],
    ...['Владимир', 'Юрий', 'Олег', 'Игорь', 'Константин', 'Максим', 'Глеб', 'Фёдор', 'Тимур'],
  ],
  surnames: [
    ...['Соколов', 'Иванов', 'Кузнецов', 'Попов', 'Лебедев', 'Козлов', 'Новиков', 'Морозов', 'Волков', 'Зайцев'],
    ...[
      'Павлов',
      'Семёнов',
      'Голубев',
      'Виноградов',
      'Богданов',
      'Воробьёв',
      'Фёдоров',
      'Михайлов',
      'Беляев',
      'Тарасов',
    ],
    ...['Белов', 'Комаров', 'Орлов', 'Киселёв', 'Макаров', 'Андреев', 'Ковалёв', 'Ильин', 'Гусев', 'Титов'],
    ...[
      'Кудрявцев',
      'Баранов',
      'Куликов',
      'Алексеев',
      'Степанов',
      'Яковлев',
      'Сорокин',
      'Сергеев',
      'Романов',
      'Захаров',
    ],
  ],
};

const WESTERN = {
  firstNames: [
    ...['Emma', 'Olivia', 'Sophie', 'Hannah', 'Clara', 'Julia', 'Laura', 'Camille', 'Chloé', 'Giulia', 'Elena'],
    ...['Ingrid', 'Astrid', 'Zoë', 'Lucía', 'Amélie', 'James', 'Oliver', 'Thomas', 'Lukas', 'Matteo', 'Hugo', 'Jan'],
    ...['Erik', 'Daniel', 'Sebastian', 'Pierre', 'Björn', 'Niall', 'Diego', 'François', 'George'],
  ],
  surnames: [
    ...['Smith', 'Taylor', 'Evans', 'Walker', 'Müller', 'Schmidt', 'Weber', 'Fischer', 'Dubois', 'Moreau', 'Laurent'],
    ...['Rossi', 'Bianchi', 'Ferrari', 'Jansen', 'de Vries', 'van Dijk', 'Andersson', 'Lindqvist', 'Nielsen', 'Hansen'],
    ...['García', 'Fernández', 'López', "O'Brien", 'Murphy', 'Kowalski', 'Novák', 'Horvat', 'Keller', 'Johnson'],
    ...['Williams', 'Harris', 'Clarke', 'Becker', 'Hoffmann', 'Girard', 'Conti', 'Silva', 'Costa'],
  ],
};

/** The customer with a running number. The same number gives the same customer. */
export function sampleCustomer(number: number): SampleCustomer {
  const random = new Random(`customer ${number}`);
  const id = `C-${number}`;
  if (random.chance(0.4)) {
    return { id, name: `${random.pick(WESTERN.firstNames)} ${random.pick(WESTERN.surnames)}`, speaks: 'English' };
  }
  const surname = random.pick(RUSSIAN.surnames);
  const name = random.chance(0.6)
    ? `${random.pick(RUSSIAN.women)} ${surname}а`
    : `${random.pick(RUSSIAN.men)} ${surname}`;
  return { id, name, speaks: 'Russian' };
}
