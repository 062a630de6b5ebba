import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class FieldErrorDto {
  @ApiProperty({
    description: 'Path of the invalid field; empty if the error concerns no single field.',
    example: 'customer.name',
  })
  field!: string;

  @ApiProperty({ example: 'name must be a string' })
  message!: string;
}

/** RFC 9457, with a code, the id of the request and the errors of fields. Features add the members of their own problems. */
export class ProblemDetailsDto {
  @ApiProperty({ example: 'about:blank' })
  type!: string;

  @ApiProperty({ example: 'Bad Request' })
  title!: string;

  @ApiProperty({ type: 'integer', example: 400 })
  status!: number;

  @ApiProperty({ example: 'The request is not valid.' })
  detail!: string;

  @ApiProperty({ description: 'Stable identifier of the kind of problem, for programs.', example: 'INPUT_INVALID' })
  code!: string;

  @ApiProperty({ description: 'Id of the request in the log.', example: '01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d' })
  requestId!: string;

  @ApiPropertyOptional({ type: FieldErrorDto, isArray: true })
  errors?: FieldErrorDto[];
}
