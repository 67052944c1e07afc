"""Names of people, companies and estates: common Brazilian ones, composed by chance."""

from __future__ import annotations

from typing import Final

from sqlagent_tui.demo.dice import Dice


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split(",") if word.strip())


WOMEN: Final = _words(
    """
    Maria, Ana, Francisca, Antônia, Adriana, Juliana, Márcia, Fernanda, Patrícia, Aline, Sandra, Camila, Amanda,
    Bruna, Jéssica, Letícia, Júlia, Luciana, Vanessa, Mariana, Gabriela, Vera, Vitória, Larissa, Cláudia, Beatriz,
    Luana, Rita, Sônia, Renata, Eliane, Josefa, Simone, Natália, Cristiane, Carla, Débora, Rosângela, Rosa,
    Aparecida, Marlene, Terezinha, Raimunda, Lúcia, Daniela, Helena, Alice, Cecília, Isabel, Conceição, Zélia,
    Iracema, Jandira, Benedita, Margarida, Célia, Neusa, Ivone, Regina
    """
)
MEN: Final = _words(
    """
    José, João, Antônio, Francisco, Carlos, Paulo, Pedro, Lucas, Luiz, Marcos, Luís, Gabriel, Rafael, Daniel,
    Marcelo, Bruno, Eduardo, Felipe, Raimundo, Rodrigo, Manoel, Mateus, André, Fernando, Fábio, Leonardo, Gustavo,
    Guilherme, Leandro, Tiago, Anderson, Ricardo, Márcio, Jorge, Sebastião, Alexandre, Roberto, Edson, Diego,
    Vitor, Sérgio, Cláudio, Geraldo, Adriano, Luciano, Júlio, Renato, Alex, Vinícius, Rogério, Samuel, Ronaldo,
    Mário, Flávio, Douglas, Igor, Valdir, Osmar, Ademir, Nelson, Benedito, Joaquim, Domingos, Arnaldo, Valdemar,
    Hélio, Otávio, Agenor, Lourenço, Custódio, Ivo, Dorival
    """
)
MIDDLE_OF_WOMEN: Final = _words("Aparecida, Cristina, de Fátima, das Graças, do Carmo, Lúcia, Regina, Helena")
MIDDLE_OF_MEN: Final = _words("Aparecido, Carlos, Roberto, Augusto, Henrique, Eduardo, Antônio, José")
SURNAMES: Final = _words(
    """
    da Silva, dos Santos, Oliveira, Souza, Rodrigues, Ferreira, Alves, Pereira, Lima, Gomes, Ribeiro, Carvalho,
    Almeida, Lopes, Soares, Fernandes, Vieira, Barbosa, Rocha, Dias, Nascimento, Andrade, Moreira, Nunes, Marques,
    Machado, Mendes, Freitas, Cardoso, Ramos, Gonçalves, Santana, Teixeira, Moura, Araújo, Castro, Campos, Pinto,
    Reis, Cavalcante, Batista, Monteiro, Correia, Duarte, Farias, Martins, Melo, Costa, Azevedo, Brito, Cunha,
    Macedo, Miranda, Nogueira, Peixoto, Queiroz, Rezende, Sales, Tavares, Vasconcelos, Xavier, Borges, Coelho,
    Figueiredo, Guimarães, Leite, Magalhães, Medeiros, Paiva, Pires, Prado, Sampaio, Siqueira, Toledo, Zanella,
    Bertolini, Schneider, Becker, Müller, Kowalski, Nakamura, Tanaka, Yamamoto, Bianchi, Rossi, Fontana, Weber,
    Krüger, Zimmermann, Piovesan, Marchetti, Dall'Agnol, Sá, Bragança, Assunção, Falcão, Brandão, Galvão, Frazão,
    Leal, Matos
    """
)
ESTATES: Final = _words(
    """
    Boa Esperança, Santa Rita, São José, Santo Antônio, São João, Nossa Senhora Aparecida, Bela Vista, Boa Vista,
    Santa Maria, São Pedro, São Francisco, Santa Luzia, Três Irmãos, Água Limpa, Barra Mansa, Barreiro, Bom
    Jardim, Bom Retiro, Bom Sucesso, Buriti, Cachoeira, Campo Alegre, Campo Belo, Capão Bonito, Capim Branco,
    Cedro, Estrela do Norte, Flor da Serra, Formosa, Furnas, Guanabara, Harmonia, Ipanema, Ipê Amarelo, Itaúna,
    Jatobá, Juriti, Lagoa Azul, Lagoa Dourada, Lagoinha, Lajeado, Laranjeiras, Limoeiro, Mata Verde, Mangabeira,
    Morro Alto, Mutum, Nova Aliança, Nova Esperança, Nova Vida, Novo Horizonte, Olho d'Água, Ouro Verde,
    Paineiras, Palmeiras, Palmital, Paraíso, Pau d'Alho, Pedra Branca, Pedra Grande, Pinhal, Piratininga,
    Planalto, Ponte Nova, Primavera, Progresso, Recanto Feliz, Retiro, Riachinho, Ribeirão Bonito, Rio Claro, Rio
    Doce, Rancho Alegre, Sabiá, Santa Bárbara, Santa Clara, Santa Fé, Santa Helena, Santa Inês, Santa Teresinha,
    São Bento, São Jorge, São Judas Tadeu, São Luiz, São Marcos, São Miguel, São Sebastião, São Vicente, Serra
    Azul, Serra Dourada, Sete Quedas, Sol Nascente, Sucupira, Tamanduá, Terra Boa, Terra Roxa, Três Barras, Três
    Corações, Três Lagoas, Triunfo, União, Vale Verde, Vargem Grande, Várzea Alegre, Vereda Bonita, Vista Alegre,
    Vitória, Volta Grande, Xavante, Araras, Aroeira, Angico, Bacuri, Babaçu, Cajueiro, Carnaúba, Castanhal,
    Colorado, Cristalina, Esmeralda, Gameleira, Gavião, Iguaçu, Jacarandá, Jequitibá, Lontra, Marajoara, Macaúba,
    Onça Pintada, Pequi, Peroba, Pindorama, Quatro Irmãos, Rio das Pedras, Rio Vermelho, Saudade, Seringal Novo,
    Taquari, Tucumã, Tangará, Uirapuru, Umuarama
    """
)
COMPANY_PREFIXES: Final = _words(
    """
    Agropecuária, Agropecuária, Agropecuária, Fazendas, Agrícola, Agroindustrial, Pecuária, Reflorestadora,
    Madeireira, Usina, Cooperativa Agrícola, Sementes, Empreendimentos Rurais, Florestal, Grupo, Companhia
    Agrícola
    """
)
COMPANY_SUFFIXES: Final = ("Ltda", "Ltda", "Ltda", "S.A.", "S.A.", "EIRELI", "e Filhos Ltda")


def person(dice: Dice) -> str:
    """Two to four words, such as `Maria Aparecida Souza Lima`."""
    woman = dice.chance(480)
    parts = [dice.pick(WOMEN if woman else MEN)]
    if dice.chance(220):
        middle = dice.pick(MIDDLE_OF_WOMEN if woman else MIDDLE_OF_MEN)
        if middle != parts[0]:
            parts.append(middle)
    surname = dice.pick(SURNAMES)
    parts.append(surname)
    if dice.chance(620):
        second = dice.pick(SURNAMES)
        if second != surname:
            parts.append(second)
    return " ".join(parts)


def company(dice: Dice) -> str:
    """Such as `Agropecuária Santa Rita Ltda`."""
    name = dice.pick(ESTATES) if dice.chance(620) else dice.pick(SURNAMES)
    for particle in ("da ", "dos "):
        name = name.removeprefix(particle)
    return f"{dice.pick(COMPANY_PREFIXES)} {name} {dice.pick(COMPANY_SUFFIXES)}"


def estate(dice: Dice, kind: str) -> str:
    """The name of a property of `kind` (a `tipo_imovel`)."""
    name = dice.pick(ESTATES)
    if kind == "ASSENTAMENTO":
        return f"Projeto de Assentamento {name}"
    if kind == "TERRITORIO_TRADICIONAL":
        return f"{dice.pick(('Território Quilombola', 'Comunidade Tradicional', 'Reserva Extrativista'))} {name}"
    title = {"FAZENDA": "Fazenda", "SITIO": "Sítio", "CHACARA": "Chácara"}[kind]
    number = dice.pick(("I", "II", "III")) if dice.chance(120) else ""
    return f"{title} {name} {number}".rstrip()
