"""The sentences that are understood in a mail, in English and Spanish. Data only, meant to be read by a privacy officer's counsel.

A mail is an opt-out only if every one of its sentences stands here and one of them is a request (C4). So a negation, a condition, a
question, a wish for somebody else or for a part of the data needs no rule of its own: no such sentence stands here.

How to read: lower case, without accents and apostrophes, hyphens as spaces. (a|b) is a or b, (…)? may be missing, (…)* any number of
times, {name} is the entry of that name in PARTS.
"""

PARTS = {
    # English
    "kind": r"(individual|personal|private|confidential|health|medical)",
    "noun": r"(data|information|info|details)",
    "data": r"((any|all)( of)? )?((my|the) )?({kind}( and)? )*{noun}( (and|or) ({kind}( and)? )*{noun})?( about me)?",
    "sharing": r"((the|this|your|all|any) )?(sharing( of)?( {data})?|((my|the) )?({kind}( and)? )*{noun} sharing|having {data} shared"
    r"|{data} being shared)",
    "with_plan": r"( (with|to) (((my|the|your|any) )?(health plan|health insurance|health insurer|health insurance company|insurer"
    r"|insurance|insurance company|insurance plan|plan|optum|united ?health ?care)|anyone|anybody))?",
    "now": r"( (now|today|immediately|at once|right away|as soon as possible|asap|any ?more|any longer|from now on"
    r"|effective immediately|with immediate effect|(starting|effective) (now|today)|as of (now|today)"
    r"|ahora|hoy|ya|mas|inmediatamente|de inmediato|cuanto antes|lo antes posible|desde (ahora|hoy)|a partir de (ahora|hoy)"
    r"|de ahora en adelante))*",
    "consent": r"(consent|authori[sz]ation|permission)",
    "do_not": r"(do not|dont|no longer)",
    # Spanish
    "tipo": r"(personales|personal|individuales|individual|privados|privada|confidenciales|confidencial|medicos|medica|clinicos|clinica"
    r"|de salud)",
    "datos": r"((todos|toda|ninguno de|nada de) )?((mis|mi|los|la) )?(datos|informacion)( {tipo})*( (y|o|ni) (mis |mi )?(datos|informacion)"
    r"( {tipo})*)?",
    "con_plan": r"( (con|a) (((mi|el|la|su|mis|los|las) )?(plan de salud|plan|aseguradora|aseguradora de salud|seguro|seguro de salud"
    r"|seguro medico|compania de seguros|optum)|nadie))?",
    "consentimiento": r"(consentimiento|autorizacion|permiso)",
    "compartir": r"((el|la) )?(compartir|intercambio de|comparticion de|divulgacion de) {datos}",
}

LEADS = (
    # English
    r"please|kindly|and|also|therefore|i|hereby|effective immediately|from now on|as of today",
    r"i (want|wish|need|would like|have decided|choose) to|(id|i would) like to|i hereby|i am|im",
    r"(i am|im) (writing|requesting) to|i write to|i request to|this is (my request|a request) to",
    r"i (want|ask|request|would like) you to|id like you to|i (ask|request) that you",
    r"(hi|hello|hey|dear)( (there|team|all|privacy officer|privacy team|care connect|sir or madam))?",
    # Spanish
    r"por favor|favor de|y|tambien|por la presente|por este medio|a partir de (hoy|ahora)",
    r"(quiero|deseo|necesito|quisiera|solicito|pido|he decidido)|me gustaria|les? (pido|ruego|solicito|agradeceria)( que)?|escribo para",
    r"hola|buenos dias|buenas tardes",
)

REQUESTS = (
    # English
    r"opt( me)? out( (of|from) {sharing}{with_plan})?",
    r"(be opted out|opting out)( (of|from) {sharing}{with_plan})?",
    r"(stop|cease|end) {sharing}{with_plan}",
    r"(stop|cease) (sending|disclosing|giving|providing|releasing) {data}{with_plan}",
    r"(do not|dont|never) (share|disclose|release|pass on) ({data}|anything about me){with_plan}",
    r"(no longer|not) share {data}{with_plan}",
    r"(withdraw|withdrawing|revoke|revoking|rescind|cancel) (my )?{consent}( (to|for) ({sharing}|share {data}){with_plan})?",
    r"i {do_not} (consent|agree) to {sharing}{with_plan}",
    r"i {do_not} (want|wish) (you to share|to share) {data}{with_plan}",
    r"i {do_not} want {data} (to be )?shared{with_plan}",
    r"object to {sharing}{with_plan}",
    r"(remove me|withdraw|be removed) from {sharing}{with_plan}",
    r"{data} must (not|no longer) be shared{with_plan}",
    # Spanish
    r"(darme|me doy|me (quiero|deseo) dar|(que )?(me )?den|denme|deme) de baja( (de|para|en) {compartir}{con_plan})?",
    r"(ya )?no (compartan|comparta|divulguen|divulgue)( mas)? {datos}{con_plan}",
    r"(dejen|deje|dejar|paren|pare) de compartir( {datos})?{con_plan}",
    r"que (dejen|deje) de compartir {datos}{con_plan}",
    r"que (ya )?no (se )?(compartan|comparta) {datos}{con_plan}",
    r"(ya )?no (quiero|deseo|autorizo|acepto|consiento) (que )?(se )?(compartan|comparta) {datos}{con_plan}",
    r"(ya )?no (quiero|deseo|autorizo|acepto|consiento) {compartir}{con_plan}",
    r"(retiro|revoco|cancelo|anulo|retirar|revocar|cancelar|anular) (mi|el) {consentimiento}( (para|de|a) {compartir}{con_plan})?",
    r"me opongo a {compartir}{con_plan}",
)

BARE_REQUESTS = (
    # Requests by themselves, not within a sentence: "to unsubscribe, click here" is somebody else's.
    # English
    r"(unsubscribe|unsubscribe me|stop|opt ?out|stop sharing|optout me)",
    r"(data sharing |my )?opt ?out( request| notice)?|request to opt out( of {sharing})?{with_plan}|this is my opt ?out( request| notice)?",
    r"(withdrawal|withdrawing|revocation) of (my )?{consent}",
    # Spanish
    r"(baja|dar de baja|darme de baja|solicitud de baja|solicito (la|mi) baja|no compartir|no compartir {datos}{con_plan})",
    r"(retiro|retirada|revocacion) (de|del) (mi )?{consentimiento}",
)

SIGN_OFFS = (
    # English
    r"(many )?thanks?( you)?( (so|very) much| a lot| in advance| kindly| for your (help|time|attention|assistance))*",
    r"((with )?(best|kind|kindest|warm) )?regards|best|best wishes|sincerely( yours)?|respectfully|cheers"
    r"|yours( (sincerely|truly|faithfully))?",
    # Spanish
    r"(muchas |mil )?gracias( (de antemano|por su (ayuda|tiempo|atencion)))*",
    r"(un )?(cordial )?saludos?( (cordial|cordiales))?|atentamente|cordialmente|respetuosamente",
)

COURTESIES = (
    *SIGN_OFFS,
    # English
    r"(hi|hello|hey|dear|good (morning|afternoon|evening))( (there|all|team|everyone|privacy officer|privacy team|care connect|sir|madam"
    r"|sir or madam|optum))*|to whom it may concern|please|greetings",
    r"(please |kindly )?(confirm|acknowledge)( (this|receipt|in writing|by e ?mail|that (this|it) (is|has been) done"
    r"|that you have received this))*",
    r"(please )?let me know (once|when) (this|it) (is|has been) done",
    r"(effective|starting|as of) (now|today|immediately)|i (value|care about) my privacy|this is (important|urgent)",
    r"i am a (client|member|participant|patient)( (of|at|with) (care connect|optum|yours))?",
    r"(my )?((member|client|employee|patient|policy) )?(id|number|id number)( is)? [a-z]{0,3} ?\d[\d ]*",
    r"(my )?(date of birth|dob)( is)? [\d/. ]+|(my )?(phone|tel|cell|mobile)( number)?( is)? [+\d ]+|\+?(\d ?){9,15}",
    r"(my )?(e ?mail( address)?( is)? )?[\w.+-]+@[\w.-]+",
    # Spanish
    r"hola|buen dia|buenos dias|buenas (tardes|noches)|estimad[oa]s?( (senor|senora|senores|equipo|oficial de privacidad|todos))*"
    r"|a quien corresponda|por favor",
    r"(por favor )?(confirmen|confirme|confirmenme|confirmeme)( (esto|la recepcion|por escrito|por correo))*",
    r"mi (numero|numero de (miembro|cliente|socio)|id) es [a-z]{0,3} ?\d[\d ]*",
)

INTRODUCTIONS = (r"my name is|name|me llamo|mi nombre es|nombre",)

SUBJECTS = (
    # What a subject may say beside a request, without wishing anything.
    r"(my |mis )?(data|data sharing|privacy|consent|request|datos|privacidad|consentimiento|solicitud|peticion)( (request|choice|notice))?",
    r"sharing( of)?( my)? (data|information)|compartir (mis )?datos|(no|sin) (subject|asunto)|privacy officer",
    r"important|importante|urgent|urgente",
)

NEVER_A_NAME = (
    # A last line of capitals could be a name or change everything: "Not Yet", "Sessions Only".
    # Negation
    "no not never dont wont cant cannot nor neither without nunca jamas tampoco ni sin nada none nothing",
    # Condition, question, doubt
    "if unless until when whether once how what why who which maybe perhaps might may could would should if possibly probably "
    "question test si cuando como que cual quien quizas quiza talvez acaso duda prueba hasta salvo joke joking kidding broma "
    "cancel ignore disregard undo",
    # A part
    "only just except but however although though still some part partly partial instead rather besides otherwise apart alone "
    "other else solo solamente excepto pero sino menos aunque parte algunos unicamente aparte otro otra",
    # Another time
    "later soon tomorrow yesterday next last week month year monday tuesday wednesday thursday friday saturday sunday january "
    "february march july september october november december already yet before after temporarily luego manana ayer despues "
    "proximo proxima mes semana ano antes pronto todavia aun enero febrero marzo abril mayo junio julio agosto septiembre octubre "
    "noviembre diciembre",
    # Somebody else
    "he she they we us our his her their husband wife son daughter mother father partner family spouse brother sister friend "
    "everyone ella ellos nosotros nuestro su sus esposo esposa marido hijo hija madre padre pareja familia hermano hermana",
    # The opposite
    "in yes opt opted optin start keep continue share sharing stay remain subscribe allow agree accept again back sigan seguir "
    "compartan comparta compartir continuar acepto autorizo entrar",
    # What a wish could be limited to
    "data information session sessions therapy notes note survey surveys questionnaire questionnaires appointment appointments "
    "visit visits diagnosis medication medications results result score scores assessment assessments reminder reminders "
    "newsletter newsletters email emails marketing calls texts plan insurance provider providers list program programme account "
    "wait hold datos informacion sesion sesiones terapia notas encuesta encuestas cuestionario cita citas visitas diagnostico "
    "medicamentos resultados recordatorios boletin correo correos mercadeo llamadas seguro lista programa cuenta espera esperen",
)
