/**
 * Who may do what. Three roles, no overwrites: everyone, the teacher, and the bot with exactly the permissions that the
 * project's invite link asks for (TRUST.md A3), so that a permission it lacks on Discord is one it lacks here.
 */
import { PermissionFlagsBits as Bit } from 'discord-api-types/v10';

export type Role = 'bot' | 'teacher' | 'student';

export const INVITE_PERMISSIONS = 309237763072n;

export const EVERYONE_PERMISSIONS =
  Bit.ViewChannel |
  Bit.SendMessages |
  Bit.SendMessagesInThreads |
  Bit.AttachFiles |
  Bit.ReadMessageHistory |
  Bit.UseApplicationCommands;

export const TEACHER_PERMISSIONS =
  Bit.ManageGuild |
  Bit.ManageChannels |
  Bit.ManageMessages |
  Bit.ManageThreads |
  Bit.KickMembers |
  Bit.CreatePublicThreads |
  Bit.EmbedLinks;

export function permissionsOf(role: Role): bigint {
  if (role === 'bot') return EVERYONE_PERMISSIONS | INVITE_PERMISSIONS;
  return role === 'teacher' ? EVERYONE_PERMISSIONS | TEACHER_PERMISSIONS : EVERYONE_PERMISSIONS;
}

export function allows(role: Role, permission: bigint): boolean {
  return (permissionsOf(role) & permission) === permission;
}
