// Gray releases over REST.
import type { Plan, Rule } from '../gray/rules';
import { configPath, type ConfigId } from './client';
import { request } from './http';
import type { Config } from './types';

export interface Ramp {
        state: 'running' | 'paused' | 'done';
        step: number;
        weight: number;
        next_at: string | null;
}

interface Counts {
        version: number;
        connected: number;
        applied: number;
        refused: number;
}

export interface ArmCounts extends Counts {
        rule: number;
        arm: number;
        weight: number;
}

export interface Gray {
        stable: number;
        revision: number;
        salt: string;
        rules: Rule[];
        plan: Plan | null;
        ramp: Ramp | null;
        updated_at: string;
        updated_by: string;
        comment: string;
}

export interface GrayWithInstances extends Gray {
        instances: {
                total: number;
                stable: Counts;
                arms: ArmCounts[];
                refusals: { id: string; version: number; error: string | null }[];
        };
}

export interface GrayPreview {
        salt: string;
        instances: number;
        changing: number;
        items: {
                id: string;
                app: string | null;
                address: string;
                from: number;
                to: number;
                rule: number | null;
                bucket: number | null;
        }[];
}

export interface GrayRequest {
        rules: Rule[];
        salt?: string;
        plan?: Plan;
        comment?: string;
}

export const getGray = (id: ConfigId, signal?: AbortSignal) =>
        request<GrayWithInstances>('GET', `${configPath(id)}/gray`, { signal });
export const setGray = (id: ConfigId, body: GrayRequest) =>
        request<Gray>('PUT', `${configPath(id)}/gray`, { body });
export const abortGray = (id: ConfigId) => request<Config>('DELETE', `${configPath(id)}/gray`);
export const promoteGray = (id: ConfigId, version: number, comment: string) =>
        request<Config>('POST', `${configPath(id)}/gray/promote`, { body: { version, comment } });
export const pauseRamp = (id: ConfigId) =>
        request<Gray>('POST', `${configPath(id)}/gray/pause`, { body: {} });
export const resumeRamp = (id: ConfigId) =>
        request<Gray>('POST', `${configPath(id)}/gray/resume`, { body: {} });
export const previewGray = (id: ConfigId, rules: Rule[], salt: string | undefined, signal?: AbortSignal) =>
        request<GrayPreview>('POST', `${configPath(id)}/gray/preview`, {
                body: { rules, salt },
                query: { limit: 100 },
                signal,
        });
