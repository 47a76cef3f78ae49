/**
 * The brain is for a class of 11–17: dialogues with words about sex, drugs, self-harm or insults are left out whole, in
 * both languages. A blunt list of word beginnings: losing a harmless dialogue costs nothing.
 */
const unsuitable = new RegExp(
  `(?<![\\p{L}])(${[
    'fuck|shit|bull?shit|bitch|cunt|dick(?!ens)|ass(?![\\p{L}])|asshole|badass|nud(e|ity)|naked|rap(e|ed|es|ist)(?![\\p{L}])|cock(?![\\p{L}])|pussy',
    'sex|porn|boob|breast|tits|slut|whore|nigg|fag(?![\\p{L}])|faggot|retard|damn|suicid|drug|cocaine|heroin|weed(?![\\p{L}])|marijuana|drunk|stripper|horny|hooker|prostitut|pimp(?![\\p{L}])|crap(?![\\p{L}])|hitler|nazi',
    'merda|porra|caralho|foda|foder|fodid|puta|puto|putaria|buceta|cu(?![\\p{L}])|bunda|gostosa|gostoso(?= (você|vc|homem|garoto))|tesão|transar|seio|pelad[oa]|nu(?![\\p{L}])|viad|droga|maconha|cocaína|estupr|prostitut|bêbad|desgraçad|babaca|otári|idiota|imbecil|suicíd|pernas lindas|molhad[oa] por|excitad[oa]|ereç|te comer|na cama',
    'beijo na boca|teu corpo|seu corpo|minha cama|tua cama|sua cama|lábios|delícia',
  ].join('|')})`,
  'iu',
);

export function isSuitable(turns: readonly string[]): boolean {
  return !turns.some((turn) => unsuitable.test(turn));
}
