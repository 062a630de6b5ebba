import { databaseOptions, DATABASE_DEFAULTS, prepareDatabase } from '@mes/database';
import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/test-database.js';
import { OrderStatusChangeEntity } from './order-status-change.entity.js';
import { OrderEntity } from './order.entity.js';

describe('the entities', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    dataSource = new DataSource({
      ...databaseOptions({ ...DATABASE_DEFAULTS, url: database.url, poolSize: 1 }),
      entities: [OrderEntity, OrderStatusChangeEntity],
    });
    await dataSource.initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it.each([
    [OrderEntity, ['due_sort', 'search_text', 'urgency']],
    [OrderStatusChangeEntity, []],
  ])('%p has every column that the migrations make, but those that PostgreSQL computes', async (entity, computed) => {
    const { tableName, columns } = dataSource.getMetadata(entity);
    const real = await dataSource.query<{ name: string; nullable: boolean; computed: boolean }[]>(
      `SELECT column_name AS name, is_nullable = 'YES' AS nullable, is_generated = 'ALWAYS' AS computed
       FROM information_schema.columns WHERE table_name = $1 ORDER BY 1`,
      [tableName],
    );
    expect(real.filter((column) => column.computed).map(({ name }) => name)).toEqual(computed);
    expect(
      columns
        .map(({ databaseName, isNullable }) => [databaseName, isNullable] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ).toEqual(real.filter((column) => !column.computed).map(({ name, nullable }) => [name, nullable]));
  });
});
