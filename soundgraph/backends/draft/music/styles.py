"""Words for styles of music, and what each implies."""

from __future__ import annotations

# A style: who plays, beats a minute from and to, how they play (a name of GROOVES), and its words.
STYLES: dict[str, tuple[str, tuple[int, int], str, str]] = {
    "ambient": (
        "pad bells",
        (60, 76),
        "held",
        "ambient, new age, drone music, space ambient, soundscape, downtempo ambient, meditation music",
    ),
    "baroque": (
        "harp strings flute",
        (92, 116),
        "broken",
        "baroque, classical, chamber, rococo, renaissance, minuet, bach, mozart, court music, fugue, sonata, "
        "concerto, mazurka, nocturne, prelude, etude",
    ),
    "blues": (
        "guitar piano bass drums",
        (84, 112),
        "shuffle",
        "blues, boogie, boogie woogie, delta blues, slide guitar",
    ),
    "bossa": (
        "guitar flute bass drums",
        (112, 132),
        "bossa",
        "bossa, bossa nova, lounge, elevator music, easy listening, muzak, exotica",
    ),
    "breaks": (
        "lead pad bass drums",
        (162, 176),
        "breaks",
        "drum and bass, drum n bass, dnb, jungle music, breakbeat, breakcore, liquid funk, big beat",
    ),
    "chip": (
        "lead bass drums",
        (120, 144),
        "rock",
        "chiptune, 8-bit, 16-bit, arcade, retro, videogame, pixel, nes, game boy, bitpop, video game",
    ),
    "circus": ("organ brass drums", (136, 160), "oompah", "circus, carnival, clown, fairground, carousel, vaudeville"),
    "country": (
        "guitar flute bass drums",
        (104, 126),
        "train",
        "country, bluegrass, hillbilly, honky tonk, western, cowboy, americana, banjo music, hoedown, skiffle",
    ),
    "disco": ("strings guitar bass drums", (112, 124), "four", "disco, funky house, nu disco, eurodance, italo"),
    "dub": (
        "organ guitar bass drums",
        (68, 82),
        "one drop",
        "reggae, dub, dancehall, roots reggae, rocksteady, ragga, jamaican, rasta",
    ),
    "dubstep": (
        "wobble lead drums",
        (138, 142),
        "half time",
        "dubstep, brostep, riddim, bass music, wobble music, future bass, glitch hop",
    ),
    "electronic": (
        "lead pad bass drums",
        (120, 132),
        "four",
        "electronic, techno, house, edm, trance, dance, rave, eurobeat, club, electro, hardstyle, idm, progressive "
        "house, psytrance, psy trance, goa, garage, two step, 2 step, uk garage, gabber, electroclash, hyperpop, acid "
        "house, chillstep, club music",
    ),
    "synthwave": (
        "lead pad bass drums",
        (96, 116),
        "rock",
        "synthwave, cyberpunk, retrowave, outrun, synthpop, new wave, vaporwave, eighties, 80s, darksynth, darkwave, "
        "chillwave, electropop",
    ),
    "flamenco": ("guitar harp drums", (108, 128), "latin", "flamenco, spanish, gypsy, mariachi, mexican, fandango"),
    "folk": (
        "guitar flute bass",
        (96, 116),
        "broken",
        "folk, medieval, celtic, tavern, acoustic, irish, bard, minstrel, scottish, jig, reel, ballad, nordic, viking",
    ),
    "funk": (
        "guitar brass bass drums",
        (98, 114),
        "funk",
        "funk, funky, soul, motown, groove, rhythm and blues, rnb, afrobeat",
    ),
    "gospel": (
        "organ choir piano",
        (72, 92),
        "held",
        "gospel, hymn, church, choral, sacred, liturgical, requiem, spiritual, anthem, christmas, carol",
    ),
    "hip-hop": (
        "piano bass drums",
        (80, 92),
        "hip-hop",
        "hip-hop, hip hop, hiphop, lofi, lo-fi, lo fi, chill, chillhop, rap, boom bap, trip hop, downtempo, crunk, "
        "boom bap beat",
    ),
    "industrial": ("distortion lead drums", (118, 136), "four", "industrial, ebm, aggrotech, cyber metal"),
    "jazz": (
        "piano bass drums",
        (100, 132),
        "swing",
        "jazz, lounge jazz, cool jazz, bebop, noir, smooth jazz, jazzy, film noir, fusion, bop",
    ),
    "latin": (
        "piano brass bass drums",
        (96, 116),
        "latin",
        "latin, salsa, samba, mambo, rumba, cumbia, merengue, cha cha, reggaeton, cuban, brazilian, conga, calypso, "
        "soca, tropical, caribbean, bachata, bolero, forro, zouk, kizomba, moombahton, paso doble, soukous, highlife",
    ),
    "march": ("brass flute drums", (108, 122), "march", "march, military, marching band, parade, patriotic, army"),
    "metal": (
        "distortion bass drums",
        (140, 180),
        "double",
        "metal, heavy metal, thrash, death metal, black metal, djent, metalcore, hardcore, speed metal, power metal, "
        "doom metal, sludge",
    ),
    "opera": ("choir strings brass", (70, 96), "held", "opera, operatic, aria"),
    "oriental": (
        "harp flute drums",
        (84, 104),
        "broken",
        "oriental, asian, chinese, japanese, indian, arabic, middle eastern, egyptian, desert, bollywood, raga, "
        "turkish, persian, samurai, qawwali, bhangra, rai, qin",
    ),
    "polka": (
        "organ brass bass drums",
        (112, 130),
        "oompah",
        "polka, oompah, bavarian, beer hall, klezmer, balkan, sea shanty, shanty, pirate, oktoberfest, oom pah, "
        "tarantella, schlager, zydeco, cajun",
    ),
    "pop": (
        "piano guitar bass drums",
        (100, 122),
        "rock",
        "pop, indie, k-pop, j-pop, britpop, bubblegum, indie pop, singer songwriter",
    ),
    "punk": ("distortion bass drums", (160, 184), "double", "punk, punk rock, pop punk, skate punk, grunge"),
    "ragtime": ("piano bass", (92, 108), "oompah", "ragtime, stride, saloon, silent film, charleston, barrelhouse"),
    "rock": (
        "guitar bass drums",
        (116, 140),
        "rock",
        "rock, band, rock and roll, surf rock, classic rock, hard rock, blues rock, garage rock, prog rock, "
        "rockabilly, alternative, krautrock, emo, shoegaze, post rock, math rock",
    ),
    "score": (
        "strings brass choir drums",
        (84, 112),
        "score",
        "orchestra, orchestral, symphonic, symphony, cinematic, trailer, film, hollywood, blockbuster, philharmonic, "
        "overture",
    ),
    "ska": ("guitar brass bass drums", (132, 152), "ska", "ska, two tone, ska punk"),
    "swing": (
        "brass piano bass drums",
        (132, 168),
        "swing",
        "swing, big band, electro swing, dixieland, cabaret, jive, lindy hop, doo wop, barbershop",
    ),
    "tango": (
        "organ strings piano bass",
        (112, 126),
        "tango",
        "tango, milonga, habanera, parisian, french cafe, musette, fado, chanson",
    ),
    "trap": ("lead bells bass drums", (138, 148), "half time", "trap, drill music, phonk, cloud rap, grime, drill"),
    "tribal": (
        "drums flute choir",
        (92, 112),
        "score",
        "tribal, african, shamanic, aboriginal, jungle drums, native, ritual, voodoo, polynesian, hawaiian, didgeridoo",
    ),
    "waltz": ("strings piano", (132, 160), "waltz", "waltz, viennese, ballroom"),
    "theme": (
        "piano strings",
        (84, 104),
        "broken",
        "music, theme, song, tune, track, score, title, menu, loop, background, cue, jingle, underscore, bgm, "
        "soundtrack, melody, instrumental, stinger, musical, level, credits",
    ),
}
