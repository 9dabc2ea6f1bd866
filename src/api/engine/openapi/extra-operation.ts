/** Operations outside resources, in the vocabulary that package types use too. */
export type * from '../../../plugin-api/declare/extra-operation.ts';
