/** Fields of live operations whose choices are numbers on the wire. */
import { choice, type Field } from '../../../plugin-api/index.ts';

export const operationField: { readonly protocolVersion: Field } = {
  protocolVersion: choice('ProtocolVersionEnum', ['1'], {
    help: 'Version of the upload protocol.',
    default: 1,
    numeric: true,
    required: false,
  }),
};
