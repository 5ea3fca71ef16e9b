import type { Severity } from './diagnostic.ts';

export interface Code {
  readonly severity: Severity;
  /** One line for people, without the particulars of a case. */
  readonly title: string;
}

/**
 * Every code a policy can be answered with. HF1 text, HF2 schema, HF3 references, HF4 meaning, HF5 surroundings. A code keeps
 * its meaning for ever: people put them into filters and run books.
 */
export const codes = {
  HF1001: { severity: 'error', title: 'The policy cannot be found or read.' },
  HF1002: { severity: 'error', title: 'The policy is not UTF-8 text.' },
  HF1003: { severity: 'error', title: 'The policy is larger than a policy can be.' },
  HF1004: { severity: 'error', title: 'The text is not YAML.' },
  HF1005: { severity: 'error', title: 'A key is written twice in one mapping.' },
  HF1006: { severity: 'error', title: 'A tab is used for indentation.' },
  HF1007: { severity: 'error', title: 'A quote, bracket or brace is never closed.' },
  HF1008: { severity: 'error', title: 'An alias cannot be resolved, contains itself, or expands to too much.' },
  HF1009: { severity: 'error', title: 'The file holds more than one document.' },
  HF1010: { severity: 'error', title: 'The policy is empty.' },
  HF1011: { severity: 'error', title: 'A key is not text.' },
  HF1012: { severity: 'error', title: 'A tag is not part of the policy language.' },
  HF1013: { severity: 'error', title: 'The text is nested too deeply.' },
  HF1014: { severity: 'error', title: 'A variable is malformed.' },
  HF1015: { severity: 'error', title: 'Files include each other in a circle.' },
  HF1016: { severity: 'error', title: 'An included file cannot be read.' },
  HF1017: { severity: 'error', title: 'Two files say different things, and neither includes the other.' },
  HF1018: { severity: 'warning', title: 'An include matches no file.' },

  HF2001: { severity: 'error', title: 'A field is unknown.' },
  HF2002: { severity: 'error', title: 'A field is missing.' },
  HF2003: { severity: 'error', title: 'A value is of the wrong type.' },
  HF2004: { severity: 'error', title: 'A value is none of those allowed.' },
  HF2005: { severity: 'error', title: 'A name is malformed.' },
  HF2006: { severity: 'error', title: 'A duration is malformed.' },
  HF2007: { severity: 'error', title: 'A size is malformed.' },
  HF2008: { severity: 'error', title: 'A rate is malformed.' },
  HF2009: { severity: 'error', title: 'A number or a text is out of its range.' },
  HF2010: { severity: 'error', title: 'A list or mapping has too few, too many or repeated entries.' },
  HF2011: { severity: 'error', title: 'A secret is written into the policy.' },
  HF2012: { severity: 'error', title: 'A value does not have the form it must have.' },
  HF2013: { severity: 'error', title: 'The version of the policy language is not supported.' },
  HF2014: { severity: 'error', title: 'No plugin has this name.' },
  HF2015: { severity: 'error', title: 'A plugin from outside cannot be loaded.' },
  HF2016: { severity: 'error', title: 'A module exports no plugin of this contract version.' },
  HF2017: { severity: 'error', title: 'A plugin has the kind and name, or the codec id, of another.' },
  HF2018: { severity: 'error', title: 'A plugin from outside could be changed by other users.' },
  HF2019: { severity: 'error', title: 'A schedule or a time of day is malformed, or never comes.' },
  HF2020: { severity: 'error', title: 'A time zone is unknown.' },
  HF2021: { severity: 'error', title: 'A date is malformed, or of a day that no month has.' },

  HF3001: { severity: 'error', title: 'A job names a source that is not declared.' },
  HF3002: { severity: 'error', title: 'A job names a target that is not declared.' },
  HF3003: { severity: 'error', title: 'A job names a pipeline that is not declared.' },
  HF3004: { severity: 'error', title: 'A job names a retention class that is not declared.' },
  HF3005: { severity: 'error', title: 'A job names a recipient that is not declared.' },
  HF3006: { severity: 'error', title: 'A job names a schedule that is not declared.' },
  HF3007: { severity: 'error', title: 'An alert names a notifier that is not declared.' },
  HF3008: { severity: 'error', title: 'A recovery plan names something that is not declared.' },
  HF3009: { severity: 'error', title: 'An alert names a job, target or plan that is not declared.' },
  HF3010: { severity: 'error', title: 'Recovery plans call each other in a circle.' },
  HF3011: { severity: 'error', title: 'A domain names a retention class that is not declared.' },
  HF3012: { severity: 'error', title: 'A retention class has rules for a target that is not declared.' },
  HF3013: { severity: 'error', title: 'A hold names a job that is not declared.' },

  HF4001: { severity: 'error', title: 'The stages of a pipeline stand in another order than data passes them.' },
  HF4002: { severity: 'error', title: 'A pipeline lacks a stage.' },
  HF4003: { severity: 'error', title: 'A stage stands twice in a pipeline.' },
  HF4004: { severity: 'error', title: 'Two targets of one job are the same place.' },
  HF4005: { severity: 'error', title: 'A job selects parts of a source that cannot select.' },
  HF4006: { severity: 'error', title: 'Jobs of one domain have different recipients.' },
  HF4009: { severity: 'error', title: 'A target lies in what the job backs up into it.' },
  HF4007: { severity: 'warning', title: 'A source is declared that no job protects.' },
  HF4008: { severity: 'warning', title: 'The policy has no jobs.' },
  HF4011: { severity: 'error', title: 'A retention class keeps backups for less time than lies between two of them.' },
  HF4012: { severity: 'error', title: 'A retention class stops keeping backups before the time it promises is over.' },
  HF4013: { severity: 'error', title: 'A schedule cannot meet the RPO of its source.' },
  HF4014: { severity: 'warning', title: 'A source has an RPO, and no job of it has a schedule.' },
  HF4015: { severity: 'error', title: 'Objects are locked for longer than they may be kept.' },
  HF4016: { severity: 'error', title: 'A plugin cannot do what is asked of it.' },
  HF4017: { severity: 'warning', title: 'An alert tells nobody.' },
  HF4019: { severity: 'warning', title: 'A recovery key lies on the host that it must not lie on.' },
  HF4020: { severity: 'warning', title: 'Defaults or overrides are written that nothing takes.' },
  HF4021: { severity: 'error', title: 'A retention class is in two shared domains at once.' },
  HF4022: { severity: 'error', title: 'A domain names a host that has nothing to share.' },
  HF4023: { severity: 'warning', title: 'A notifier sends a token over the network unencrypted.' },
  HF4024: { severity: 'warning', title: 'A retention class has rules for a target that no job of it writes to.' },
  HF4025: { severity: 'error', title: 'A job writes to no target that keeps what its retention class promises.' },
  HF4026: { severity: 'warning', title: 'A retention class keeps every snapshot for as long as it promises one.' },
  HF4027: { severity: 'warning', title: 'A hold is over.' },
  HF4028: { severity: 'error', title: 'The options of a source do not go together.' },
  HF4901: { severity: 'warning', title: 'A part of the policy is not yet available and ignored.' },
  HF4902: { severity: 'note', title: 'A part of the policy is kept, but nothing acts on it yet.' },

  HF5001: { severity: 'note', title: 'A variable is not looked up, so that nothing is said of its value.' },
  HF5002: { severity: 'error', title: 'A variable is not set.' },
  HF5003: { severity: 'error', title: 'A secret cannot be had.' },
  HF5004: { severity: 'error', title: 'The public key of a recipient cannot be used.' },
  HF5006: { severity: 'error', title: 'A target cannot be reached.' },
  HF5007: { severity: 'error', title: 'A source cannot be reached.' },
  HF5008: { severity: 'warning', title: 'A source has nothing that an option of it names.' },
} as const satisfies Record<string, Code>;

export type CodeName = keyof typeof codes;

export function isCode(code: string): code is CodeName {
  return Object.hasOwn(codes, code);
}

/** The empty text for a code that is not in the table. */
export function titleOf(code: string): string {
  return isCode(code) ? codes[code].title : '';
}
