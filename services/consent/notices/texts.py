"""The texts that a client is shown before deciding (C11), as data: programme-independent, by version and language.

They say what aggregates are for (R1), what individual data would be used for (C5), that no employer gets it (C6), that the law may demand
it (C7), and that declining changes nothing (C3).
"""

from consent.notices.rules import Notice

NOTICES = (
    Notice(
        version="2026-01",
        language="en",
        text=(
            "You may choose to share your individual data with your health plan. The plan uses it only to make personalised health "
            "recommendations to you. Your employer never gets individual data about you, whatever you choose. Unless a law demands "
            "it, nothing about you as an individual leaves without your choice. You can change your mind at any time, and it takes effect "
            "at once. If you say no, your care stays exactly the same. Summaries over many clients, which show nobody, go to the plan "
            "and to employers in either case."
        ),
    ),
    Notice(
        version="2026-01",
        language="es",
        text=(
            "Usted puede elegir compartir sus datos individuales con su plan de salud. El plan los usa solamente para hacerle "
            "recomendaciones de salud personalizadas. Su empleador nunca recibe datos individuales sobre usted, elija lo que elija. Salvo "
            "que una ley lo exija, nada sobre usted como persona sale sin su elección. Puede cambiar de opinión en cualquier momento y "
            "surte efecto de inmediato. Si dice que no, su atención sigue siendo exactamente la misma. Los resúmenes sobre muchos "
            "clientes, que no muestran a nadie, van al plan y a los empleadores en ambos casos."
        ),
    ),
    Notice(version="2025-07", language="en", text="The notice of the programme's first half year.", withdrawn=True),
)
