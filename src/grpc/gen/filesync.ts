// Generated from src/grpc/proto/filesync.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method } from "../../wire/index.ts";
import * as fsutil from "./fsutil.ts";

export interface BytesMessage {
  readonly data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: "moby.filesync.v1.BytesMessage",
  fields: [
    field(1, "data", "bytes"),
  ],
};

export interface CredentialsRequest {
  readonly host: string;
}
export const CredentialsRequest: MessageType<CredentialsRequest> = {
  name: "moby.filesync.v1.CredentialsRequest",
  fields: [
    field(1, "host", "string", "one", "Host"),
  ],
};

export interface CredentialsResponse {
  readonly username: string;
  readonly secret: string;
}
export const CredentialsResponse: MessageType<CredentialsResponse> = {
  name: "moby.filesync.v1.CredentialsResponse",
  fields: [
    field(1, "username", "string", "one", "Username"),
    field(2, "secret", "string", "one", "Secret"),
  ],
};

export interface FetchTokenRequest {
  readonly clientID: string;
  readonly host: string;
  readonly realm: string;
  readonly service: string;
  readonly scopes: readonly string[];
}
export const FetchTokenRequest: MessageType<FetchTokenRequest> = {
  name: "moby.filesync.v1.FetchTokenRequest",
  fields: [
    field(1, "clientID", "string", "one", "ClientID"),
    field(2, "host", "string", "one", "Host"),
    field(3, "realm", "string", "one", "Realm"),
    field(4, "service", "string", "one", "Service"),
    field(5, "scopes", "string", "list", "Scopes"),
  ],
};

export interface FetchTokenResponse {
  readonly token: string;
  readonly expiresIn: bigint;
  readonly issuedAt: bigint;
}
export const FetchTokenResponse: MessageType<FetchTokenResponse> = {
  name: "moby.filesync.v1.FetchTokenResponse",
  fields: [
    field(1, "token", "string", "one", "Token"),
    field(2, "expiresIn", "int64", "one", "ExpiresIn"),
    field(3, "issuedAt", "int64", "one", "IssuedAt"),
  ],
};

export interface GetTokenAuthorityRequest {
  readonly host: string;
  readonly salt: Uint8Array;
}
export const GetTokenAuthorityRequest: MessageType<GetTokenAuthorityRequest> = {
  name: "moby.filesync.v1.GetTokenAuthorityRequest",
  fields: [
    field(1, "host", "string", "one", "Host"),
    field(2, "salt", "bytes", "one", "Salt"),
  ],
};

export interface GetTokenAuthorityResponse {
  readonly publicKey: Uint8Array;
}
export const GetTokenAuthorityResponse: MessageType<GetTokenAuthorityResponse> = {
  name: "moby.filesync.v1.GetTokenAuthorityResponse",
  fields: [
    field(1, "publicKey", "bytes", "one", "PublicKey"),
  ],
};

export interface VerifyTokenAuthorityRequest {
  readonly host: string;
  readonly payload: Uint8Array;
  readonly salt: Uint8Array;
}
export const VerifyTokenAuthorityRequest: MessageType<VerifyTokenAuthorityRequest> = {
  name: "moby.filesync.v1.VerifyTokenAuthorityRequest",
  fields: [
    field(1, "host", "string", "one", "Host"),
    field(2, "payload", "bytes", "one", "Payload"),
    field(3, "salt", "bytes", "one", "Salt"),
  ],
};

export interface VerifyTokenAuthorityResponse {
  readonly signed: Uint8Array;
}
export const VerifyTokenAuthorityResponse: MessageType<VerifyTokenAuthorityResponse> = {
  name: "moby.filesync.v1.VerifyTokenAuthorityResponse",
  fields: [
    field(1, "signed", "bytes", "one", "Signed"),
  ],
};

export const FileSyncService = {
  DiffCopy: method("/moby.filesync.v1.FileSync/DiffCopy", fsutil.Packet, fsutil.Packet, true, true),
  TarStream: method("/moby.filesync.v1.FileSync/TarStream", fsutil.Packet, fsutil.Packet, true, true),
};

export const FileSendService = {
  DiffCopy: method("/moby.filesync.v1.FileSend/DiffCopy", BytesMessage, BytesMessage, true, true),
};

export const AuthService = {
  Credentials: method("/moby.filesync.v1.Auth/Credentials", CredentialsRequest, CredentialsResponse, false, false),
  FetchToken: method("/moby.filesync.v1.Auth/FetchToken", FetchTokenRequest, FetchTokenResponse, false, false),
  GetTokenAuthority: method("/moby.filesync.v1.Auth/GetTokenAuthority", GetTokenAuthorityRequest, GetTokenAuthorityResponse, false, false),
  VerifyTokenAuthority: method("/moby.filesync.v1.Auth/VerifyTokenAuthority", VerifyTokenAuthorityRequest, VerifyTokenAuthorityResponse, false, false),
};
