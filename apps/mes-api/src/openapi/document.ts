import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** Describes the API from its decorators. */
export function describeApi(application: NestFastifyApplication): OpenAPIObject {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('MES Orders API')
    .setDescription(
      'Orders of a jewellery maker, from the web shop and from partners to the operators on the floor.\n\n' +
        'Lists, dashboard and single orders come from a cache that is never older than the last acknowledged write; ' +
        '`Cache-Status` says what it did. Errors are problem details (RFC 9457) with a stable `code`.',
    )
    .setVersion('1.0.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'In development, `npm start` prints one for each role.',
    })
    .addTag('orders', 'Create, find and move orders')
    .addTag('dashboard', 'How many orders are where')
    .addTag('events', 'Follow the orders live')
    .addTag('cache', 'Look after the cache')
    .addTag('page', 'What the operators’ page needs before anybody has signed in')
    .addTag('operations', 'For those who run the service')
    .build();
  return SwaggerModule.createDocument(application, description);
}

/** Swagger UI at `/docs`, the document at `/docs-json`. */
export function serveDocumentation(application: NestFastifyApplication): void {
  SwaggerModule.setup('docs', application, () => describeApi(application), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'MES Orders API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, tryItOutEnabled: true },
  });
}
